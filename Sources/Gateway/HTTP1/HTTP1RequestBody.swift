// The body of an HTTP/1 request: first the bytes that came with its head, then what the socket
// brings. It counts against the route's limit as it streams, and holds the client to a pace.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Transport

/// The source of one connection's request bodies, reused from request to request.
final class HTTP1RequestBody: BodySource {
  private enum Progress {
    case counted(UInt64)
    case chunked
    case complete
    case failed(Failure)
  }

  private unowned let owner: HTTP1Connection
  private var progress = Progress.complete
  private var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
  private var trailerFields: FieldSection?
  private var exchange: Exchange?
  /// Where body bytes are read to once those behind the head are used up: the head's text must stay
  /// where it is.
  private var overflow: Buffer?
  /// Body bytes that were handed out.
  private(set) var receivedBytes: UInt64 = 0
  private var pace = BodyPace()

  init(_ owner: HTTP1Connection) { self.owner = owner }

  func begin(_ exchange: Exchange) {
    self.exchange = exchange
    receivedBytes = 0
    pace = BodyPace()
    decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
    trailerFields = nil
    progress =
      switch exchange.request.framing {
      case .length(let length): .counted(length)
      case .chunked: .chunked
      case .none, .untilClose: .complete
      }
  }

  var isComplete: Bool { if case .complete = progress { true } else { false } }

  var trailers: FieldSection? { trailerFields }

  /// The client must send within `idle`, and on the whole at no less than `rateMin` after a grace.
  var deadline: Instant {
    pace.deadline(
      after: receivedBytes, idle: exchange?.timeouts.idle ?? .max, limits: owner.limits)
  }

  func ready() throws(Failure) -> BodyChunk? {
    if case .failed(let failure) = progress { throw failure }
    while true {
      let source = overflow ?? owner.input
      guard let source else { return nil }
      if let chunk = try take(from: source) { return chunk }
      if isComplete { return nil }
      guard try receive(behind: source) else { return nil }
    }
  }

  func wait() async throws(Failure) {
    guard let exchange else { return }
    switch await exchange.waiter.wait(until: min(deadline, exchange.totalDeadline)) {
    case .signalled, .timedOut: _ = try checkPace()
    case .cancelled: throw fail(Failure(.draining, origin: .gateway, retry: .never))
    }
  }

  func cancel() { _ = fail(Failure(.clientGone, origin: .downstream, retry: .never)) }

  private func take(from source: Buffer) throws(Failure) -> BodyChunk? {
    switch progress {
    case .counted(let left):
      guard !source.isEmpty else { return nil }
      let count = Int(min(UInt64(source.count), left))
      try admit(count)
      progress = UInt64(count) == left ? .complete : .counted(left - UInt64(count))
      return BodyChunk(buffer: source, count: count)
    case .chunked:
      return try takeChunk(from: source)
    case .complete, .failed: return nil
    }
  }

  private func takeChunk(from source: Buffer) throws(Failure) -> BodyChunk? {
    var taken = 0
    do throws(HTTP1Error) {
      switch try decoder.next(source) {
      case .data(let count):
        decoder.handOut(count)
        taken = count
      case .needsMore: break
      case .trailers:
        let fields = trailerFields ?? FieldSection(addedBytesMax: 1)
        trailerFields = fields
        if try decoder.parseTrailers(source, into: fields) == .done { progress = .complete }
      case .end: progress = .complete
      }
    } catch { throw fail(Failure(error)) }
    guard taken > 0 else { return nil }
    try admit(taken)
    return BodyChunk(buffer: source, count: taken)
  }

  private func admit(_ count: Int) throws(Failure) {
    receivedBytes &+= UInt64(count)
    if let exchange, receivedBytes > exchange.requestBodyMax {
      throw fail(.refused(.bodyTooLarge))
    }
  }

  /// Reads more behind what is left in `source`. Returns false when nothing can be had now.
  private func receive(behind source: Buffer) throws(Failure) -> Bool {
    guard owner.transport.mayHaveBytes else { return try awaitClient() }
    let target = overflow ?? owner.context.resources.buffers.borrow()
    if overflow == nil {
      // A chunk's frame that was cut is completed in one place.
      let isMoved = target.append(source.bytes)
      precondition(isMoved, "All read buffers are of one size.")
      source.consume(source.count)
      overflow = target
    } else if target.isEmpty {
      target.clear()
    } else if target.freeCount == 0 {
      target.compact()
    }
    switch owner.transport.receive(into: target) {
    case .count:
      pace.received(at: owner.context.loop.now)
      return true
    case .blocked: return try awaitClient()
    case .ended, .failed:
      throw fail(Failure(.clientGone, origin: .downstream, retry: .never))
    }
  }

  private func awaitClient() throws(Failure) -> Bool {
    pace.awaits(since: owner.context.loop.now)
    return try checkPace()
  }

  private func checkPace() throws(Failure) -> Bool {
    if deadline <= owner.context.loop.now { throw fail(.refused(.bodyTimeout)) }
    return false
  }

  private func fail(_ failure: Failure) -> Failure {
    progress = .failed(failure)
    return failure
  }

  // MARK: After the exchange

  /// Whether what is left can be read and forgotten. A client that waits for `100 Continue` may
  /// send its body or not, and after a broken rule nobody knows where the body ends.
  var canBeSkipped: Bool {
    let isAwaited = exchange?.request.expectsContinue == true && receivedBytes == 0
    return switch progress {
    case .complete: true
    case .failed: false
    case .counted(let left): !isAwaited && left <= ConnectionLimits.discardBytesMax
    case .chunked: !isAwaited
    }
  }

  /// Reads and forgets the rest of a body that nobody wanted, within limits, so that the next
  /// request starts where it does. Returns false when the connection must close instead.
  func discardRest(waiter: Waiter) async -> Bool {
    if isComplete { return true }
    guard canBeSkipped, let exchange else { return false }
    var left = ConnectionLimits.discardBytesMax
    let end = owner.context.loop.now.advanced(milliseconds: ConnectionLimits.lingerTimeout)
    exchange.requestBodyMax = .max
    while left > 0 {
      do throws(Failure) {
        while let chunk = try ready() {
          left -= chunk.count
          chunk.buffer.consume(chunk.count)
        }
      } catch { return false }
      if isComplete { return true }
      guard await waiter.wait(until: end) == .signalled else { return false }
    }
    return false
  }

  /// Bytes behind the body, which belong to the next request: the buffer becomes the connection's
  /// input.
  func takeRest() -> Buffer? {
    exchange = nil
    guard let overflow else { return nil }
    self.overflow = nil
    return overflow
  }

  func giveBackBuffer() {
    exchange = nil
    guard let overflow else { return }
    owner.context.resources.buffers.giveBack(overflow)
    self.overflow = nil
  }
}
