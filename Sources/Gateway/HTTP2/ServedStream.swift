// One stream of a client: its request, its task, its answer. The HTTP/2 counterpart of what
// HTTP1Connection does between two heads.

import Bytes
import Engine
import HTTP1
import HTTP2
import HTTPMessage
import Policies
import PolicyChain

/// The server's side of one stream.
final class ServedStream {
  let owner: HTTP2Connection
  let stream: HTTP2Stream
  let exchange: Exchange
  /// Where the connection keeps it among the streams that it serves.
  var place = 0
  private(set) var body: HTTP2RequestBody?
  /// Whether the request is an extended CONNECT: a handshake, whose answer of the 2xx class would
  /// make the stream a tunnel.
  private(set) var isConnect = false
  /// Whether an answer that broke off was ended by trailers that say so.
  var isEndedByTrailers = false
  /// Where the request's head stands as text.
  private var head: Buffer?
  var hasSentHead = false
  /// The body that is being sent when it is one of our own.
  var ownBody: Buffer?
  private var hasClientLeft = false
  /// Why the head is no request.
  private var headFailure: Failure?
  /// A rule that the client broke after its head.
  private var violation: HTTP2FieldError?

  init(_ stream: HTTP2Stream, of owner: HTTP2Connection) {
    self.owner = owner
    self.stream = stream
    exchange = owner.context.exchanges.borrow()
    stream.observer = self
  }

  private var context: WorkerContext { owner.context }

  /// Serves the request, to the log line. `begin` was called before.
  func serve() async {
    if let headFailure { await refuse(headFailure) } else { await serveRequest() }
    conclude()
  }

  /// Whether the head broke a rule that is answered with a reset only.
  var isMalformed: Bool { headFailure != nil && violation != nil }

  /// Resets the stream of a malformed head, without a task.
  func endAtOnce() {
    if let headFailure { _ = prepareRefusal(headFailure) }
    conclude()
  }

  /// Reads the request's head.
  func begin() {
    let now = context.loop.now
    exchange.startedAt = now
    exchange.wallMilliseconds = context.wallMilliseconds
    exchange.connection = owner.connection
    exchange.peer = self
    exchange.request.isSecure = owner.connection.security != nil
    exchange.clientAddress = owner.connection.peerAddress
    do throws(Failure) { try readHead() } catch { headFailure = error }
  }

  // MARK: The request

  private func readHead() throws(Failure) {
    guard let block = stream.takeHead() else {
      preconditionFailure("A stream is opened by its head.")
    }
    defer { owner.session.recycle(block) }
    let head = context.resources.heads.borrow(forBytes: block.byteCount)
    self.head = head
    let request = exchange.request
    request.version = .http2
    do throws(HTTP2FieldError) {
      let offered = owner.limits.http2.allowsExtendedConnect ? handshakeKey : nil
      isConnect = try RequestForm.write(block, into: head, handshakeKey: offered) == .handshake
    } catch { throw broken(error) }
    var parser = RequestParser(limits: owner.limits.head, rules: owner.limits.rules)
    do throws(HTTP1Error) {
      guard try parser.parse(head, into: request) == .done else {
        preconditionFailure("A head that was written whole is read whole.")
      }
    } catch {
      request.version = .http2
      context.recorder.countProtocolError(error.reason)
      throw Failure(error)
    }
    request.version = .http2
    try attachBody()
  }

  /// A key for the handshake with the upstream: RFC 8441 knows none, RFC 6455 asks for one.
  private func handshakeKey() -> [UInt8] {
    let random = exchange.services.random
    return WebSocketKey.make(from: random.next(), random.next())
  }

  private func attachBody() throws(Failure) {
    let request = exchange.request
    if isConnect {
      // What follows the head is the tunnel's.
      guard case .none = request.framing else { throw .refused(.upgradeMalformed) }
      return
    }
    if stream.isInboundComplete, stream.receivedBytes == 0, stream.trailers == nil {
      // CVE-2026-33555: a length without a body must not reach an upstream.
      guard case .none = request.framing else { throw broken(.lengthMismatch) }
      return
    }
    let declared: UInt64?
    if case .length(let length) = request.framing {
      declared = length
    } else {
      declared = request.fields.present.contains(.contentLength) ? 0 : nil
    }
    if declared == nil { request.framing = .chunked }
    let body = HTTP2RequestBody(self, declared: declared)
    self.body = body
    if request.framing != .none { exchange.requestBody = body }
  }

  /// A rule of HTTP/2 that the request broke.
  func broken(_ error: HTTP2FieldError) -> Failure {
    if violation == nil { context.recorder.countProtocolError(error.reason) }
    if error.isMalformed { violation = error }
    return Failure(
      Reason(error.reason, error.status, error.sentence), origin: .downstream, retry: .never)
  }

  private func serveRequest() async {
    exchange.askedPath = exchange.request.path
    exchange.askedQuery = exchange.request.query
    owner.refreshListener()
    let chain = owner.listener.chain(for: exchange)
    do throws(Failure) {
      // What was reset in the read that brought it costs nobody more than its log line.
      if isGone { throw Failure(.clientGone, origin: .downstream, retry: .never) }
      try await chain.run(exchange)
    } catch {
      exchange.answer(error)
    }
    if isConnect, !isTunnelOrRefusal {
      // Only a tunnel may begin with 2xx: RFC 8441 section 5.
      exchange.answer(Failure(.upgradeNotMade, origin: .upstream, retry: .never))
    }
    if let violation {
      exchange.answer(broken(violation))
    } else if isGone || exchange.isClientGone {
      exchange.answer(Failure(.clientGone, origin: .downstream, retry: .never))
    } else {
      chain.runEgress(exchange)
      await deliver(exchange, chain)
    }
  }

  private var isTunnelOrRefusal: Bool {
    if case .tunnel = exchange.responseBody { return true }
    return !(200...299).contains(exchange.response.status)
  }

  /// Answers a head that is no request, or resets its stream.
  private func refuse(_ failure: Failure) async {
    let chain = prepareRefusal(failure)
    if violation == nil { await deliver(exchange, chain) }
  }

  private func prepareRefusal(_ failure: Failure) -> PolicyChain {
    let fields = exchange.request.fields
    fields.forgetLines()
    if let head { fields.attach(head) }
    exchange.askedPath = exchange.request.path
    exchange.askedQuery = exchange.request.query
    exchange.request.framing = .none
    owner.refreshListener()
    let chain = owner.listener.refusalChain
    exchange.answer(failure)
    chain.runEgress(exchange)
    return chain
  }

  // MARK: The end

  private func conclude() {
    if let body { exchange.outcome.requestBodyBytes = body.handedOutBytes }
    exchange.finish()
    context.recorder.record(
      exchange, listenerName: owner.listener.nameBytes, now: .now())
    if !stream.isClosed {
      if let violation {
        owner.session.reset(stream, violation == .tooLarge ? .enhanceYourCalm : .protocolError)
      } else if !exchange.outcome.isComplete, !isEndedByTrailers {
        // Half an answer is never passed off as a whole one. A tunnel that broke off is cancelled:
        // RFC 8441 section 5.
        let isStalled = exchange.failure?.reason == .writeStalled
        owner.session.reset(stream, isStalled || isConnect ? .cancel : .internalError)
      } else if !stream.isInboundComplete {
        // RFC 9113 section 8.1: the rest of the request is of no use to anybody.
        owner.session.reset(stream, .noError)
      }
    }
    let head = self.head
    self.head = nil
    body?.giveBack()
    if let ownBody { context.resources.heads.giveBack(ownBody) }
    ownBody = nil
    context.exchanges.giveBack(exchange)
    if let head { context.resources.heads.giveBack(head) }
    owner.ended(self)
  }

  /// The connection is going down: nobody waits for the answer.
  func clientLeft() {
    hasClientLeft = true
    streamChanged()
  }

  func cancel() { exchange.waiter.cancel() }
}

extension ServedStream: HTTP2StreamObserver {
  /// A task that is not parked looks at its stream anyway, before it parks.
  func streamChanged() {
    if violation == nil, let body, body.isLengthBroken { _ = broken(.lengthMismatch) }
    if exchange.waiter.isParked { exchange.waiter.signal() }
  }
}

extension ServedStream: DownstreamPeer {
  var isGone: Bool {
    hasClientLeft || violation != nil || (stream.isClosed && !stream.isOutboundComplete)
  }

  func sendInterim(_ head: ResponseHead) {
    guard !isGone else { return }
    do throws(HTTP1Error) {
      try ResponseForm.write(
        head, framing: .none, answering: exchange.request, blocks: [],
        into: context.outgoingFields)
    } catch {
      // An interim response tells nothing that the final one does not: it is left out.
      return
    }
    owner.session.sendInterim(stream, context.outgoingFields)
    owner.produce()
  }
}
