// One HTTP/1.1 connection to a server: it sends a request, reads the response head, and is the
// source of the response's body. While it is pulled it also pushes what is left of the request's
// body, so that both directions stay open.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Transport

/// A connection to an upstream server, lent to one exchange at a time.
package final class UpstreamConnection {
  /// Interim responses that one request may bring before its final one.
  static let interimMax = 8

  let transport: Transport
  let address: SocketAddress
  let server: UpstreamServer
  let pool: UpstreamPool
  /// The server's count of changes when the address was last seen among its own.
  var addressChanges: Int
  var idleSince = Instant(nanoseconds: 0)
  /// Whether no request has been sent on it before: then a close is no sign of staleness.
  var isFresh = true

  /// Received bytes; owned while the connection is lent.
  var input: Buffer?
  private let parser = Lent(ResponseParser(limits: .response))
  private var interimCount = 0
  var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
  /// Fields behind a chunked body; made when there are any.
  var trailerFields: FieldSection?
  /// The exchange that it is lent to.
  var exchange: Exchange?
  var response = ResponseProgress.idle
  /// What is still to be sent of the request's body.
  var upload = UploadProgress.done
  private(set) var isClosed = false
  /// Whether the server failed the present exchange.
  var isAtFault: Bool {
    get { fault.value }
    set { fault.value = newValue }
  }
  // In a cell, as what changes with each request is.
  private let fault = Cell(false)

  /// How far the response is.
  enum ResponseProgress: Equatable {
    case idle
    case head
    /// Bytes still to come; nil while chunks follow, `.max` until the server closes.
    case counted(UInt64)
    case chunked
    case untilClose
    /// The body is complete. Whether the connection may be used again.
    case done(isReusable: Bool)
    case failed
  }

  /// How far the request is.
  enum UploadProgress: Equatable {
    case body(isChunked: Bool)
    case done
    /// The server takes no more of it.
    case abandoned
  }

  init(
    _ transport: Transport, to address: SocketAddress, of server: UpstreamServer,
    in pool: UpstreamPool
  ) {
    self.transport = transport
    self.address = address
    self.server = server
    self.pool = pool
    addressChanges = server.addressChanges
  }

  /// Whether another request may be sent: the last one ended well and nothing arrived since.
  var isReusable: Bool {
    let socket = transport.socket
    return !isClosed && response == .idle && !socket.isReadable && !socket.isPeerClosed
      && !socket.isBroken && !transport.hasUnsent
  }

  func close(isAborting: Bool) {
    guard !isClosed else { return }
    isClosed = true
    giveBackInput()
    transport.close(isAborting: isAborting)
    pool.closed()
  }

  private func giveBackInput() {
    guard let input else { return }
    pool.resources.buffers.giveBack(input)
    self.input = nil
  }

  // MARK: One exchange

  /// Sends the request, or as much of it as can be sent now.
  func begin(_ exchange: Exchange) throws(Failure) {
    self.exchange = exchange
    isAtFault = false
    transport.socket.observer = exchange.waiter
    response = .head
    parser { $0 = ResponseParser(limits: .response) }
    interimCount = 0
    trailerFields = nil
    upload = .done
    if exchange.hasRequestBody {
      upload = .body(isChunked: exchange.request.framing == .chunked)
    }
    try sendHead(exchange)
  }

  private func sendHead(_ exchange: Exchange) throws(Failure) {
    try pool.resources.scratch { head throws(Failure) in
      head.clear()
      do throws(HTTP1Error) { try encode(exchange.request, into: &head) } catch {
        throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
      }
      do throws(TransportError) { try transport.send(head.bytes) } catch { throw lost(error) }
    }
    exchange.upstream.sentAt = .now()
    try pushBody()
  }

  private func encode(_ request: Request, into output: inout Output) throws(HTTP1Error) {
    let name = server.label.server
    switch pool.definition.hostRule {
    case .preserve where !request.authority.isEmpty:
      try RequestEncoder.encode(
        request, authority: request.text(request.authority), blocks: [], into: &output)
    case .preserve, .upstream:
      // An HTTP/1.0 client may have named no host; HTTP/1.1 upstreams need one.
      try RequestEncoder.encode(
        request, authority: name.span, blocks: [], into: &output)
    case .fixed(let name):
      try RequestEncoder.encode(request, authority: name.span, blocks: [], into: &output)
    }
  }

  /// Reads on in the response's head, without waiting. Returns whether it is complete and final.
  func readHead(_ exchange: Exchange) throws(Failure) -> Bool {
    while true {
      if let input, !input.isEmpty, try parse(input, exchange) == .done {
        if try isFinal(exchange) { return true }
        continue
      }
      guard try receiveHeadBytes(exchange) else { return false }
    }
  }

  private func parse(_ input: Buffer, _ exchange: Exchange) throws(Failure) -> ParseProgress {
    do throws(HTTP1Error) {
      return try parser { parser throws(HTTP1Error) in
        try parser.parse(input, into: exchange.response, answering: exchange.request.method)
      }
    } catch { throw invalid(error) }
  }

  /// Takes a complete head for what it is. An interim one goes to the client, and another follows.
  private func isFinal(_ exchange: Exchange) throws(Failure) -> Bool {
    let head = exchange.response
    if head.status >= 200 {
      // What an upstream does behind an upgrade that it did not make is not known to end well.
      if exchange.upgrade != nil { head.keepsAlive = false }
      expectBody(head)
    } else if head.status == 101 {
      guard let terms = exchange.upgrade, isUpgraded(head, by: terms) else { throw invalid(nil) }
      response = .done(isReusable: false)
    } else {
      interimCount += 1
      guard interimCount <= Self.interimMax else { throw invalid(nil) }
      exchange.peer?.sendInterim(head)
      head.reset()
      return false
    }
    exchange.upstream.status = head.status
    return true
  }

  /// Reads once, without waiting. Returns whether there was something.
  private func receiveHeadBytes(_ exchange: Exchange) throws(Failure) -> Bool {
    try pushBody()
    // A server that is silent gets no buffer yet: the one used last is still in the cache when its
    // answer comes.
    if input == nil, !transport.isSecure, !transport.mayHaveBytes { return false }
    let input = self.input ?? pool.resources.buffers.borrow()
    self.input = input
    // Interim heads before this one have used up room; a head that fills the whole block was
    // refused by the parser before.
    if input.isEmpty { input.clear() } else if input.freeCount == 0 { input.compact() }
    switch transport.receive(into: input) {
    case .count:
      if exchange.upstream.firstByteAt == nil {
        exchange.upstream.firstByteAt = pool.resources.loop.now
      }
      return true
    case .ended: throw ended()
    case .failed(let error): throw lost(error)
    case .blocked: return false
    }
  }

  private func expectBody(_ head: ResponseHead) {
    switch head.framing {
    case .none: response = .done(isReusable: head.keepsAlive)
    case .length(let length): response = .counted(length)
    case .chunked:
      response = .chunked
      decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
    case .untilClose: response = .untilClose
    }
  }

  /// Parks until a socket of the exchange changes, for as long as its phase allows.
  @inline(__always)
  func waitForProgress(_ exchange: Exchange) async throws(Failure) {
    let now = pool.resources.loop.now
    if isUploading {
      // The response's time starts when the request has been sent; until then the body's own pace
      // counts.
      let idle = now.advanced(milliseconds: exchange.timeouts.idle)
      let body = transport.hasUnsent ? .never : exchange.requestBody?.deadline ?? .never
      if body <= idle {
        try await exchange.waitForBody(until: body)
      } else {
        try await exchange.waitUpstream(until: idle, else: .responseTimeout)
      }
    } else if response == .head {
      let sent = exchange.upstream.sentAt ?? now
      try await exchange.waitUpstream(
        until: sent.advanced(milliseconds: exchange.timeouts.response), else: .responseTimeout)
    } else {
      try await exchange.waitUpstream(
        until: now.advanced(milliseconds: exchange.timeouts.idle), else: .responseTimeout)
    }
  }

  // MARK: Failures

  func ended() -> Failure {
    response = .failed
    // A reused connection that closes before its first byte was stale: the server need not have
    // seen the request.
    return failure(.connectionTerminated, retry: isFresh ? .never : .ifIdempotent, nil)
  }

  func lost(_ error: TransportError) -> Failure {
    response = .failed
    let detail: String? =
      switch error {
      case .broken(let error): error.description
      case .insecure(let error): error.text
      case .timedOut, .cancelled, .closed: nil
      }
    return failure(.connectionTerminated, retry: isFresh ? .never : .ifIdempotent, detail)
  }

  func invalid(_ error: HTTP1Error?) -> Failure {
    response = .failed
    return failure(.upstreamProtocol, retry: .never, error.map { "\($0.reason)" })
  }

  private func failure(_ reason: Reason, retry: Failure.Retry, _ detail: String?) -> Failure {
    isAtFault = true
    let mayRetry = exchange?.upstream.firstByteAt == nil ? retry : .never
    let server = server.definition.name
    return Failure(
      reason, origin: .upstream, retry: mayRetry,
      detail: detail.map { "\(server): \($0)" } ?? server)
  }
}

extension UpstreamConnection: ExchangeResource {
  /// The exchange is over: the connection goes back to its pool, or is closed when its stream is
  /// not at a clean end.
  package func release(after exchange: Exchange) {
    transport.socket.observer = nil
    judge(exchange)
    self.exchange = nil
    let isClean =
      response == .done(isReusable: true) && upload == .done && input?.isEmpty != false
    if isClean {
      isFresh = false
      response = .idle
      giveBackInput()
      pool.release(self)
    } else {
      close(isAborting: response != .done(isReusable: false) || upload != .done)
    }
  }

  /// Ends the try, and notes what it says of the server.
  private func judge(_ exchange: Exchange) {
    let isAnswered = if case .done = response { true } else { false }
    pool.judge(
      exchange, on: server, isAtFault: isAtFault || isFault(exchange.failure),
      isAnswered: isAnswered)
  }

  func isFault(_ failure: Failure?) -> Bool {
    UpstreamPool.isFault(failure, isUploading: isUploading)
  }
}
