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
  private enum Framing {
    case none, counted, chunked, untilClose
  }

  /// Writes the response. Returns whether the connection can take another request.
  ///
  /// When the upstream's body fails before anything was sent, the client gets the failure as a
  /// proper answer; later only a broken connection tells that what it has is not all.
  func respond(_ exchange: Exchange, _ chain: PolicyChain) async -> Bool {
    hasSentHead = false
    do throws(Failure) {
      try await write(exchange)
    } catch {
      if hasSentHead || error.origin == .downstream { return broke(error, exchange) }
      exchange.answer(error)
      chain.runEgress(exchange)
      do throws(Failure) { try await write(exchange) } catch { return broke(error, exchange) }
    }
    exchange.outcome.isComplete = true
    return staysOpen
  }

  private func write(_ exchange: Exchange) async throws(Failure) {
    try await sendRestOfInterim(exchange)
    let framing = try encodeHead(exchange)
    switch exchange.responseBody {
    case .none: break
    case .bytes(let bytes):
      if framing == .counted { try await append(bytes, exchange) }
    case .stream(let body):
      return try await stream(body, framing: framing, exchange)
    case .tunnel(let upstream):
      try await send(nil, exchange)
      return try await relay(to: upstream, exchange)
    }
    try await send(nil, exchange)
  }

  /// Waits until an interim response has left that the client did not take at once.
  private func sendRestOfInterim(_ exchange: Exchange) async throws(Failure) {
    guard isInterimUnsent else { return }
    isInterimUnsent = false
    do throws(TransportError) {
      try await transport.drain(waiter: exchange.waiter, until: stallDeadline)
    } catch { throw Self.clientLost(error) }
  }

  /// Puts a body of our own behind the head, in pieces when one send cannot carry it.
  private func append(_ bytes: [UInt8], _ exchange: Exchange) async throws(Failure) {
    var appended = 0
    while appended < bytes.count {
      let room = Transport.sendBytesMax - context.resources.scratch.count
      let count = min(bytes.count - appended, room)
      context.resources.scratch.append(bytes.span.extracting(appended..<appended + count))
      appended += count
      exchange.outcome.responseBodyBytes &+= UInt64(count)
      if appended < bytes.count { try await send(nil, exchange) }
    }
  }

  private func broke(_ failure: Failure, _ exchange: Exchange) -> Bool {
    exchange.failure = failure
    if case .stream(let body) = exchange.responseBody { body.cancel() }
    return false
  }

  private var stallDeadline: Instant {
    context.loop.now.advanced(milliseconds: limits.writeStall)
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
    staysOpen = mayKeepAlive(request) && framing != .untilClose && canSkipBody(of: request)
    context.resources.scratch.clear()
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
      try ResponseEncoder.encode(
        response, framing: sent, answering: request, keepsAlive: staysOpen,
        blocks: exchange.rendered, into: &context.resources.scratch)
    } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
    }
    return framing
  }

  /// Whether the next request can be found behind what is left of this one's body.
  private func canSkipBody(of request: Request) -> Bool {
    request.framing == .none || body?.canBeSkipped != false
  }

  /// Writes the head, which is in the scratch, and the body. Throws when the body was cut short.
  private func stream(
    _ body: any BodySource, framing: Framing, _ exchange: Exchange
  ) async throws(Failure) {
    let resources = context.resources
    var isInChunk = false
    while true {
      while let chunk = try body.ready() {
        if framing == .chunked {
          ChunkedEncoder.nextChunk(
            of: chunk.count, isFirst: !isInChunk, into: &resources.scratch)
          isInChunk = true
        }
        exchange.outcome.responseBodyBytes &+= UInt64(chunk.count)
        if resources.scratch.count + chunk.count <= Self.copiedMax {
          resources.scratch.append(chunk.bytes)
          chunk.buffer.consume(chunk.count)
        } else {
          // A long head and a full block together are more than one send carries.
          if resources.scratch.count + chunk.count > Transport.sendBytesMax {
            try await send(nil, exchange)
          }
          try await send(chunk, exchange)
        }
      }
      let isComplete = body.isComplete
      // Before a pause the chunk is ended: some clients hand on whole chunks only.
      if isInChunk { ChunkedEncoder.endChunk(into: &resources.scratch) }
      isInChunk = false
      if isComplete, framing == .chunked { try endChunks(after: body) }
      let hasWaited = try await send(nil, exchange)
      if isComplete { return }
      // What came from the upstream while the client was waited for is not announced again.
      if !hasWaited { try await body.wait() }
      // Others have used the scratch in the meantime, and may have left bytes.
      resources.scratch.clear()
    }
  }

  private func endChunks(after body: any BodySource) throws(Failure) {
    do throws(HTTP1Error) {
      try ChunkedEncoder.end(trailers: body.trailers, into: &context.resources.scratch)
    } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
    }
  }

  /// Sends the scratch and a chunk, and waits until the kernel has them. Returns whether it had to.
  @discardableResult
  private func send(_ chunk: BodyChunk?, _ exchange: Exchange) async throws(Failure) -> Bool {
    let resources = context.resources
    guard chunk != nil || !resources.scratch.isEmpty else { return false }
    hasSentHead = true
    do throws(TransportError) {
      if let chunk {
        try transport.send(resources.scratch.bytes, chunk.bytes)
        chunk.buffer.consume(chunk.count)
      } else {
        try transport.send(resources.scratch.bytes)
      }
      resources.scratch.clear()
      guard transport.hasUnsent else { return false }
      let before = Instant.now()
      try await transport.drain(waiter: exchange.waiter, until: stallDeadline)
      exchange.waitedNanoseconds &+= context.loop.now.since(before)
      // The scratch is the worker's: others have used it in the meantime, and may have left bytes.
      resources.scratch.clear()
      return true
    } catch { throw Self.clientLost(error) }
  }

  private static func clientLost(_ error: TransportError) -> Failure {
    switch error {
    case .timedOut: Failure(.writeStalled, origin: .downstream, retry: .never)
    case .cancelled: Failure(.draining, origin: .gateway, retry: .never)
    case .broken, .closed, .insecure: Failure(.clientGone, origin: .downstream, retry: .never)
    }
  }
}
