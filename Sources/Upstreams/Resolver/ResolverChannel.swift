// c-ares, as far as the resolver uses it: questions out, raw answers in. It chooses servers,
// repeats questions, and goes to TCP when an answer does not fit. It reads no hosts file here, and
// its parsers are not used.

import Bytes
import CAres
import Engine
import Glibc

/// One c-ares channel. It stays on its loop, and must be let go of before the loop is.
@safe final class ResolverChannel {
  typealias Answer = Result<DNSAnswer, DNSLookupError>

  /// One question, from when c-ares takes it until it calls back, which it does exactly once.
  private final class Question {
    let type: DNSAnswer.RecordType
    let done: (Answer) -> Void

    init(_ type: DNSAnswer.RecordType, _ done: @escaping (Answer) -> Void) {
      self.type = type
      self.done = done
    }
  }

  /// Milliseconds for the first try of one server; c-ares doubles them for each next one.
  private static let timeout: Int32 = 1_500
  /// Times that each server is asked.
  private static let tries: Int32 = 3
  /// The library is set up once for the process, whatever thread comes first.
  private static let libraryStatus = ares_library_init(ARES_LIB_INIT_ALL)

  private let channel: OpaquePointer
  private let sockets: ResolverSockets

  /// - Parameters:
  ///   - waiter: signalled when `process` has something to do.
  ///   - servers: as in `192.0.2.1:53,[2001:db8::1]:53`; nil for those of /etc/resolv.conf.
  init(
    on loop: EventLoop, waking waiter: Waiter, servers: String?
  ) throws(DNSLookupError) {
    guard Self.libraryStatus == ARES_SUCCESS else { throw .library(Self.libraryStatus) }
    sockets = ResolverSockets(on: loop, waking: waiter)
    unsafe channel = try Self.open(sockets)
    guard let servers else { return }
    let status = unsafe ares_set_servers_ports_csv(channel, servers)
    // An initializer that throws here runs `deinit`, which closes the channel.
    guard status == ARES_SUCCESS else { throw .library(status) }
  }

  deinit {
    // Calls back for every open question and every open socket; `sockets` is still alive here.
    unsafe ares_destroy(channel)
  }

  /// Why a socket could not be watched, if one could not.
  var lastSystemError: SystemError? { sockets.lastError }

  /// Asks for `name`, with the search domains of the machine when it is not absolute. `done` is
  /// called once, out of this call, `process` or the end of the channel; it must not call back into
  /// here.
  func ask(
    for name: String, _ type: DNSAnswer.RecordType, done: @escaping (Answer) -> Void
  ) {
    // Balanced by the one callback that c-ares promises.
    let question = unsafe Unmanaged.passRetained(Question(type, done)).toOpaque()
    unsafe ares_search(
      channel, name, 1, Int32(type.rawValue),
      { argument, status, _, bytes, count in
        guard let argument = unsafe argument else { return }
        let question = unsafe Unmanaged<Question>.fromOpaque(argument).takeRetainedValue()
        guard let bytes = unsafe bytes else {
          question.done(ResolverChannel.answer(status, [UInt8]().span, question.type))
          return
        }
        // c-ares owns the bytes, which live until this callback returns.
        let message = unsafe Span(_unsafeStart: bytes, count: Int(count))
        question.done(ResolverChannel.answer(status, message, question.type))
      }, question)
  }

  /// Lets c-ares read, write and repeat whatever is due.
  func process() {
    for (descriptor, events) in sockets.takeReady() {
      let hasFailed = !events.isDisjoint(with: [.failed, .hungUp])
      let canRead = events.contains(.readable) || hasFailed
      let canWrite = events.contains(.writable)
      unsafe ares_process_fd(
        channel, canRead ? descriptor : ARES_SOCKET_BAD, canWrite ? descriptor : ARES_SOCKET_BAD)
    }
    unsafe ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
  }

  /// When `process` has to be called although no socket has anything to do.
  func nextTimeout(after now: Instant) -> Instant {
    var time = timeval()
    guard unsafe ares_timeout(channel, nil, &time) != nil else { return .never }
    let milliseconds = max(0, time.tv_sec) * 1_000 + (max(0, time.tv_usec) + 999) / 1_000
    return now.advanced(milliseconds: UInt64(milliseconds))
  }

  private static func open(_ sockets: ResolverSockets) throws(DNSLookupError) -> OpaquePointer {
    var options = unsafe ares_options()
    unsafe options.timeout = timeout
    unsafe options.tries = tries
    // The sockets are held by the channel's owner for as long as the channel is open.
    unsafe options.sock_state_cb_data = Unmanaged.passUnretained(sockets).toOpaque()
    unsafe options.sock_state_cb = { argument, descriptor, readable, writable in
      guard let argument = unsafe argument else { return }
      unsafe Unmanaged<ResolverSockets>.fromOpaque(argument).takeUnretainedValue()
        .update(descriptor, readable: readable != 0, writable: writable != 0)
    }
    let mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB
    var channel: OpaquePointer?
    // "b" is DNS only. c-ares copies the string.
    var lookups: [CChar] = [CChar(bitPattern: UInt8(ascii: "b")), 0]
    let status = unsafe lookups.withUnsafeMutableBufferPointer { text in
      unsafe options.lookups = text.baseAddress
      return unsafe ares_init_options(&channel, &options, mask)
    }
    guard status == ARES_SUCCESS, let opened = unsafe channel else { throw .library(status) }
    return unsafe opened
  }

  private static func answer(
    _ status: Int32, _ message: borrowing Span<UInt8>, _ type: DNSAnswer.RecordType
  ) -> Answer {
    switch status {
    case ARES_SUCCESS:
      do throws(DNSAnswerError) {
        return .success(try DNSAnswer(message, to: type))
      } catch {
        return .failure(.answer(error))
      }
    case ARES_ENODATA: return .failure(.answer(.noAddress))
    case ARES_ENOTFOUND: return .failure(.answer(.noName))
    case ARES_EFORMERR: return .failure(.answer(.refused(1)))
    case ARES_ESERVFAIL: return .failure(.answer(.refused(2)))
    case ARES_ENOTIMP: return .failure(.answer(.refused(4)))
    case ARES_EREFUSED: return .failure(.answer(.refused(5)))
    case ARES_ETIMEOUT: return .failure(.noResponse)
    case ARES_ECONNREFUSED: return .failure(.noServer)
    default: return .failure(.library(status))
    }
  }
}
