// Writing a response: the head and the first bytes of the body leave in one send.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Transport

extension HTTP1Connection {
  /// Head and body bytes up to this size are copied together, so that one send and one TLS record
  /// carry them.
  private static let copiedMax = 15 * 1024

  /// How the body is framed for this client.
  enum Framing {
    case none, counted, chunked, untilClose
  }

  /// What is left to do of a response once everything was done that needs no waiting.
  enum Rest {
    case nothing
    /// An interim response has to leave first.
    case interim
    /// The kernel has not taken all of it.
    case unsent
    case bytes([UInt8])
    case stream(any BodySource, Framing, Gathered)
    case tunnel(any TunnelEnd)
    case failed(Failure)
  }

  /// Why no more of a body stands in the scratch.
  enum Gathered {
    /// The body is complete, and all of it is there.
    case all
    /// The body has no more now.
    case paused
    /// This chunk does not fit: with what is there it makes so many bytes.
    case over(BodyChunk, size: Int)
  }

  /// Writes the response. Returns whether the connection can take another request.
  func respond(_ exchange: Exchange, _ chain: PolicyChain) async -> Bool {
    let rest = startResponse(exchange)
    if case .nothing = rest { return completed(exchange) }
    return await finishResponse(rest, exchange, chain)
  }

  /// Writes what can be written without waiting, which is nearly always all.
  func startResponse(_ exchange: Exchange) -> Rest {
    hasSentHead = false
    if isInterimUnsent { return .interim }
    do throws(Failure) { return try writeAtOnce(exchange) } catch { return .failed(error) }
  }

  /// Writes what is left of the response. Returns whether the connection can take another request.
  ///
  /// When the upstream's body fails before anything was sent, the client gets the failure as a
  /// proper answer; later only a broken connection tells that what it has is not all.
  func finishResponse(_ rest: Rest, _ exchange: Exchange, _ chain: PolicyChain) async -> Bool {
    do throws(Failure) {
      try await write(rest, exchange)
    } catch {
      if hasSentHead || error.origin == .downstream { return broke(error, exchange) }
      exchange.answer(error)
      chain.runEgress(exchange)
      do throws(Failure) {
        try await write(writeAtOnce(exchange), exchange)
      } catch { return broke(error, exchange) }
    }
    return completed(exchange)
  }

  /// Notes that the whole response was written. Returns whether the connection can take another
  /// request.
  func completed(_ exchange: Exchange) -> Bool {
    exchange.outcome.isComplete = true
    return staysOpen
  }

  private func writeAtOnce(_ exchange: Exchange) throws(Failure) -> Rest {
    let framing = try encodeHead(exchange)
    switch exchange.responseBody {
    case .none: break
    case .bytes(let bytes):
      if framing == .counted { return .bytes(bytes) }
    case .stream(let body):
      let gathered = try gather(body, framing, exchange)
      guard case .all = gathered else { return .stream(body, framing, gathered) }
    case .tunnel(let upstream):
      try sendNow(nil)
      return .tunnel(upstream)
    }
    try sendNow(nil)
    return transport.hasUnsent ? .unsent : .nothing
  }

  private func write(_ rest: Rest, _ exchange: Exchange) async throws(Failure) {
    switch rest {
    case .nothing: return
    case .interim:
      try await sendRestOfInterim(exchange)
      try await write(writeAtOnce(exchange), exchange)
    case .unsent: try await drain(exchange)
    case .bytes(let bytes):
      try await append(bytes, exchange)
      try await send(nil, exchange)
    case .stream(let body, let framing, let gathered):
      try await stream(body, framing, gathered, exchange)
    case .tunnel(let upstream):
      if transport.hasUnsent { try await drain(exchange) }
      try await relay(to: upstream, exchange)
    case .failed(let failure): throw failure
    }
  }

  /// Waits until an interim response has left that the client did not take at once.
  private func sendRestOfInterim(_ exchange: Exchange) async throws(Failure) {
    isInterimUnsent = false
    do throws(TransportError) {
      try await transport.drain(waiter: exchange.waiter, pace: limits.sendingPace)
    } catch { throw Self.clientLost(error) }
  }

  /// Puts a body of our own behind the head, in pieces when one send cannot carry it.
  private func append(_ bytes: [UInt8], _ exchange: Exchange) async throws(Failure) {
    var appended = 0
    while appended < bytes.count {
      let start = appended
      appended = context.resources.scratch { sent in
        let end = min(bytes.count, start + Transport.sendBytesMax - sent.count)
        sent.append(bytes.span.extracting(start..<end))
        return end
      }
      let count = appended - start
      exchange.outcome.responseBodyBytes &+= UInt64(count)
      if appended < bytes.count { try await send(nil, exchange) }
    }
  }

  private func broke(_ failure: Failure, _ exchange: Exchange) -> Bool {
    exchange.failure = failure
    if case .stream(let body) = exchange.responseBody { body.cancel() }
    return false
  }

  private func encodeHead(_ exchange: Exchange) throws(Failure) -> Framing {
    let request = exchange.request
    let response = exchange.response
    let isHead = request.method == .head
    let framing: Framing
    switch exchange.responseBody {
    case .none, .tunnel: framing = .none
    case .bytes: framing = isHead ? .none : .counted
    case .stream:
      framing =
        switch response.framing {
        case .none: .none
        case .length: .counted
        case .chunked, .untilClose: request.version == .http11 ? .chunked : .untilClose
        }
    }
    isInChunk = false
    staysOpen = mayKeepAlive(request) && framing != .untilClose && canSkipBody(of: request)
    let sent: BodyFraming =
      switch framing {
      case .none: .none
      case .counted: response.framing
      case .chunked: .chunked
      case .untilClose: .untilClose
      }
    if !response.fields.present.contains(.date) {
      exchange.render(context.date.block(at: context.wallMilliseconds))
    }
    do throws(HTTP1Error) {
      if exchange.isResponseOverfull { throw .unsafeField }
      try context.resources.scratch { head throws(HTTP1Error) in
        head.clear()
        try ResponseEncoder.encode(
          response, framing: sent, answering: request, keepsAlive: staysOpen,
          blocks: exchange.rendered, into: &head)
      }
    } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
    }
    return framing
  }

  /// Whether the next request can be found behind what is left of this one's body.
  private func canSkipBody(of request: Request) -> Bool {
    request.framing == .none || body?.canBeSkipped != false
  }

  /// Puts what there is of the body behind the head, which is in the scratch.
  private func gather(
    _ body: any BodySource, _ framing: Framing, _ exchange: Exchange
  ) throws(Failure) -> Gathered {
    while let chunk = try body.ready() {
      exchange.outcome.responseBodyBytes &+= UInt64(chunk.count)
      let (isCopied, size) = context.resources.scratch { sent in
        if framing == .chunked {
          ChunkedEncoder.nextChunk(of: chunk.count, isFirst: !isInChunk, into: &sent)
        }
        let size = sent.count + chunk.count
        guard size <= Self.copiedMax else { return (false, size) }
        sent.append(chunk.bytes)
        chunk.buffer.consume(chunk.count)
        return (true, size)
      }
      isInChunk = framing == .chunked
      if !isCopied { return .over(chunk, size: size) }
    }
    let isComplete = body.isComplete
    // Before a pause the chunk is ended: some clients hand on whole chunks only.
    if isInChunk { context.resources.scratch { ChunkedEncoder.endChunk(into: &$0) } }
    isInChunk = false
    if isComplete, framing == .chunked { try endChunks(after: body) }
    return isComplete ? .all : .paused
  }

  /// Sends what is in the scratch and the rest of the body. Throws when the body was cut short.
  private func stream(
    _ body: any BodySource, _ framing: Framing, _ first: Gathered, _ exchange: Exchange
  ) async throws(Failure) {
    var gathered = first
    while true {
      switch gathered {
      case .over(let chunk, let size):
        // A long head and a full block together are more than one send carries.
        if size > Transport.sendBytesMax { try await send(nil, exchange) }
        try await send(chunk, exchange)
      case .all:
        try await send(nil, exchange)
        return
      case .paused:
        let hasWaited = try await send(nil, exchange)
        // What came from the upstream while the client was waited for is not announced again.
        if !hasWaited { try await body.wait() }
        // Others have used the scratch in the meantime, and may have left bytes.
        context.resources.scratch { $0.clear() }
      }
      gathered = try gather(body, framing, exchange)
    }
  }

  private func endChunks(after body: any BodySource) throws(Failure) {
    do throws(HTTP1Error) {
      try context.resources.scratch { sent throws(HTTP1Error) in
        try ChunkedEncoder.end(trailers: body.trailers, into: &sent)
      }
    } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
    }
  }

  /// Sends the scratch and a chunk, and waits until the kernel has them. Returns whether it had to.
  @discardableResult
  private func send(_ chunk: BodyChunk?, _ exchange: Exchange) async throws(Failure) -> Bool {
    try sendNow(chunk)
    guard transport.hasUnsent else { return false }
    try await drain(exchange)
    return true
  }

  /// Sends the scratch and a chunk; what the kernel does not take is kept.
  private func sendNow(_ chunk: BodyChunk?) throws(Failure) {
    do throws(TransportError) {
      try context.resources.scratch { sent throws(TransportError) in
        if sent.isEmpty && chunk == nil { return }
        hasSentHead = true
        if let chunk {
          try transport.send(sent.bytes, chunk.bytes)
          chunk.buffer.consume(chunk.count)
        } else {
          try transport.send(sent.bytes)
        }
        sent.clear()
      }
    } catch { throw Self.clientLost(error) }
  }

  /// Waits until the kernel has everything.
  private func drain(_ exchange: Exchange) async throws(Failure) {
    let before = Instant.now()
    do throws(TransportError) {
      try await transport.drain(waiter: exchange.waiter, pace: limits.sendingPace)
    } catch { throw Self.clientLost(error) }
    exchange.waitedNanoseconds &+= context.loop.now.since(before)
    // The scratch is the worker's: others have used it in the meantime, and may have left bytes.
    context.resources.scratch { $0.clear() }
  }

  private static func clientLost(_ error: TransportError) -> Failure {
    switch error {
    case .timedOut: Failure(.writeStalled, origin: .downstream, retry: .never)
    case .cancelled: Failure(.draining, origin: .gateway, retry: .never)
    case .broken, .closed, .insecure: Failure(.clientGone, origin: .downstream, retry: .never)
    }
  }
}
