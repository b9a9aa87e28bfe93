// One exchange on a shared HTTP/2 connection: it sends the request, reads the response's head, and
// is the source of the response's body. The counterpart of UpstreamConnection.

import Bytes
import Engine
import HTTP1
import HTTP2
import HTTPMessage
import PolicyChain
import Transport

/// A stream to an upstream server, for one exchange.
package final class UpstreamStream {
  let connection: MultiplexedConnection
  /// Whether it is the first one of its connection: then a close is no sign of staleness.
  let isFresh: Bool
  var stream: HTTP2Stream?
  var exchange: Exchange?
  private var progress = Progress.head
  /// What is still to be sent of the request's body.
  var upload = Upload.done
  /// Whether the server failed the exchange.
  var isAtFault = false
  /// Where the bytes stand that the session has and has not framed.
  var handedOver: Buffer?
  private var trailerFields: FieldSection?
  /// Where heads and trailers stand as text.
  private var text: Buffer?
  /// Bytes that Content-Length promised and that have not been handed out; nil without one.
  private var promised: UInt64?

  private enum Progress: Equatable {
    case head, body
    case done
    case failed
  }

  /// How far the request is.
  enum Upload: Equatable {
    case body
    /// Everything is handed over.
    case done
    /// The server takes no more of it.
    case abandoned
  }

  init(on connection: MultiplexedConnection, isFresh: Bool) {
    self.connection = connection
    self.isFresh = isFresh
  }

  private var resources: WorkerResources { connection.pool.resources }

  // MARK: The exchange

  /// Sends the request and reads up to the final response head.
  func begin(_ exchange: Exchange) async throws(Failure) {
    self.exchange = exchange
    try sendHead(exchange)
    try pushBody()
    connection.began()
    while try !readHead(exchange) { try await waitForProgress(exchange) }
    exchange.upstream.status = exchange.response.status
  }

  private func sendHead(_ exchange: Exchange) throws(Failure) {
    let fields = connection.fields
    fields.clear()
    do throws(HTTP1Error) {
      try encode(exchange.request, into: fields)
    } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
    }
    let hasBody = exchange.requestBody != nil
    guard let stream = connection.session.request(fields, isLast: !hasBody) else {
      // The connection went away since it was lent: the server has seen nothing of this.
      throw failure(.connectionTerminated, retry: .safe, nil)
    }
    stream.observer = self
    self.stream = stream
    if hasBody { upload = .body }
    exchange.upstream.sentAt = .now()
  }

  private func encode(
    _ request: Request, into fields: OutgoingFields
  ) throws(HTTP1Error) {
    let isSecure = connection.transport.isSecure
    let name = connection.server.label.server
    switch connection.pool.definition.hostRule {
    case .preserve where !request.authority.isEmpty:
      let authority = request.text(request.authority)
      try RequestFields.write(request, authority: authority, isSecure: isSecure, into: fields)
    case .preserve, .upstream:
      try RequestFields.write(request, authority: name.span, isSecure: isSecure, into: fields)
    case .fixed(let name):
      try RequestFields.write(request, authority: name.span, isSecure: isSecure, into: fields)
    }
  }

  /// Returns whether the final head is there; passes interim ones on.
  private func readHead(_ exchange: Exchange) throws(Failure) -> Bool {
    try pushBody()
    guard let stream else { throw failure(.internalError, retry: .never, nil) }
    while let block = stream.takeHead() {
      if exchange.upstream.firstByteAt == nil {
        exchange.upstream.firstByteAt = resources.loop.now
      }
      try parse(block, into: exchange.response, answering: exchange.request.method)
      // Reading may have paused until the head was taken.
      connection.wake()
      guard exchange.response.status < 200 else {
        try expectBody(exchange, stream)
        return true
      }
      // RFC 9113 section 8.6: there is no Upgrade, so that nothing can be switched to.
      guard exchange.response.status != 101 else { throw invalid("101 in HTTP/2") }
      exchange.peer?.sendInterim(exchange.response)
      exchange.response.reset()
    }
    try checkAlive()
    return false
  }

  private func parse(
    _ block: HeaderBlock, into head: ResponseHead, answering method: Method
  ) throws(Failure) {
    defer { connection.session.recycle(block) }
    let text = self.text ?? resources.buffers.borrow()
    self.text = text
    text.clear()
    var parser = ResponseParser(limits: .response)
    do throws(HTTP2FieldError) {
      try ResponseHeadForm.write(block, into: text)
    } catch { throw invalid("\(error.reason)") }
    do throws(HTTP1Error) {
      guard try parser.parse(text, into: head, answering: method) == .done else {
        throw .badStatusLine
      }
    } catch { throw invalid("\(error.reason)") }
  }

  private func expectBody(_ exchange: Exchange, _ stream: HTTP2Stream) throws(Failure) {
    let head = exchange.response
    switch head.framing {
    case .none: promised = 0
    case .length(let length): promised = length
    case .chunked, .untilClose:
      promised = nil
      // The end of the stream tells a whole body from one that was cut.
      head.framing = .chunked
    }
    if stream.isInboundComplete, stream.receivedBytes == 0, stream.trailers == nil {
      guard promised ?? 0 == 0 else { throw invalid("the body is shorter than it said") }
      head.framing = .none
      progress = .done
    } else {
      progress = .body
    }
  }

  // MARK: Waiting

  /// Parks until something of the stream changes, for as long as its phase allows.
  func waitForProgress(_ exchange: Exchange) async throws(Failure) {
    let now = resources.loop.now
    let idle = now.advanced(milliseconds: exchange.timeouts.idle)
    do throws(Failure) {
      if isUploading {
        let hasUnsent = stream?.unsentBytes ?? 0 > 0
        let body = hasUnsent ? .never : exchange.requestBody?.deadline ?? .never
        if body <= idle {
          try await exchange.waitForBody(until: body)
        } else {
          try await exchange.waitUpstream(until: idle, else: .responseTimeout)
        }
      } else if progress == .head {
        let sent = exchange.upstream.sentAt ?? now
        try await exchange.waitUpstream(
          until: sent.advanced(milliseconds: exchange.timeouts.response), else: .responseTimeout)
      } else {
        try await exchange.waitUpstream(until: idle, else: .responseTimeout)
      }
    } catch {
      // Perhaps it is the connection that is gone, and not only this answer that is late.
      if error.origin == .upstream { connection.ask() }
      throw error
    }
  }

  /// Throws when nothing more will come of this stream.
  private func checkAlive() throws(Failure) {
    guard let stream else { return }
    if let code = stream.closeCode, !stream.isInboundComplete || code != .noError {
      throw closed(code, isByPeer: stream.isResetByPeer)
    }
    if let failure = connection.failure {
      let mayRetry = exchange?.upstream.firstByteAt == nil && !isFresh
      progress = .failed
      isAtFault = true
      throw Failure(
        failure.reason, origin: failure.origin, retry: mayRetry ? failure.retry : .never,
        detail: failure.detail)
    }
  }

  private func closed(_ code: HTTP2ErrorCode, isByPeer: Bool) -> Failure {
    switch code {
    // RFC 9113 section 8.7: the server has done nothing with it; after GOAWAY the session closes
    // what the server will not look at with the same code.
    case .refusedStream:
      return failure(.connectionTerminated, retry: .safe, "the stream was refused")
    case _ where !isByPeer: return invalid("the stream broke a rule")
    default:
      return failure(
        .connectionTerminated, retry: .never, "the stream was reset with \(code.rawValue)")
    }
  }

  private func invalid(_ detail: String?) -> Failure {
    connection.distrust()
    return failure(.upstreamProtocol, retry: .never, detail)
  }

  func failure(_ reason: Reason, retry: Failure.Retry, _ detail: String?) -> Failure {
    progress = .failed
    isAtFault = true
    let name = connection.server.definition.name
    return Failure(
      reason, origin: .upstream, retry: exchange?.upstream.firstByteAt == nil ? retry : .never,
      detail: detail.map { "\(name): \($0)" } ?? name)
  }
}

extension UpstreamStream: HTTP2StreamObserver {
  package func streamChanged() { exchange?.waiter.signal() }
}

extension UpstreamStream: BodySource {
  package var isComplete: Bool { progress == .done }

  package var deadline: Instant { .never }

  package var trailers: FieldSection? { trailerFields }

  package func ready() throws(Failure) -> BodyChunk? {
    guard progress == .body, let stream else {
      return nil
    }
    try pushBody()
    // What was consumed since the last call may come again.
    connection.session.credit(stream)
    if connection.session.wantsWrite { connection.wake() }
    if let inbound = stream.inbound, !inbound.isEmpty {
      try count(inbound.count, of: stream)
      return BodyChunk(buffer: inbound, count: inbound.count)
    }
    guard stream.isInboundComplete else {
      try checkAlive()
      return nil
    }
    try finish(stream)
    return nil
  }

  package func wait() async throws(Failure) {
    guard let exchange else {
      throw Failure(.connectionTerminated, origin: .gateway, retry: .never)
    }
    try await waitForProgress(exchange)
  }

  package func cancel() { progress = .failed }

  /// nghttp2 holds bodies to their length too; what it resets is not handed out here.
  private func count(_ count: Int, of stream: HTTP2Stream) throws(Failure) {
    guard let left = promised else { return }
    guard UInt64(count) <= left else { throw invalid("the body is longer than it said") }
    promised = left - UInt64(count)
  }

  private func finish(_ stream: HTTP2Stream) throws(Failure) {
    guard promised ?? 0 == 0 else { throw invalid("the body is shorter than it said") }
    if let block = stream.trailers { try readTrailers(block) }
    progress = .done
  }

  /// Trailers are read as those of a chunked body: by the same rules.
  private func readTrailers(_ block: HeaderBlock) throws(Failure) {
    // The head was read to its end, so that the trailers stand behind it, alone in the window.
    guard let text else { throw failure(.internalError, retry: .never, nil) }
    do throws(HTTP2FieldError) {
      try FieldForm.writeTrailers(block, into: text)
    } catch { throw invalid("\(error.reason)") }
    let fields = FieldSection(addedBytesMax: 1)
    var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
    do throws(HTTP1Error) {
      switch try decoder.next(text) {
      case .end: return
      case .trailers where try decoder.parseTrailers(text, into: fields) == .done: break
      case .trailers, .data, .needsMore: throw .badChunkEnd
      }
    } catch { throw invalid("\(error.reason)") }
    trailerFields = fields
  }
}

extension UpstreamStream: ExchangeResource {
  /// The exchange is over: what is left of the stream is reset, and the connection goes on.
  package func release(after exchange: Exchange) {
    let isFault = UpstreamPool.isFault(exchange.failure, isUploading: isUploading)
    connection.pool.judge(
      exchange, on: connection.server, isAtFault: isAtFault || isFault,
      isAnswered: progress == .done)
    self.exchange = nil
    if let stream {
      // What was handed out of the request's body is never read as a request.
      dropUnsent(stream)
      if !stream.isClosed, progress != .done || upload != .done || !stream.isOutboundComplete {
        connection.session.reset(stream, progress == .done ? .noError : .cancel)
      }
      connection.session.release(stream)
    }
    if let text {
      resources.buffers.giveBack(text)
      self.text = nil
    }
    connection.ended(self)
  }
}
