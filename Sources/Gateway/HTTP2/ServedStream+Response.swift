// The answer on a stream: its head, and the body's bytes as the client's window allows.

import Bytes
import Engine
import HTTP1
import HTTP2
import HTTPMessage
import PolicyChain

extension ServedStream {
  private var context: WorkerContext { owner.context }

  /// Writes the response, and says in the exchange's outcome whether all of it was.
  ///
  /// When the upstream's body fails before anything was sent, the client gets the failure as a
  /// proper answer; later only the reset of its stream tells that what it has is not all.
  func deliver(_ exchange: Exchange, _ chain: PolicyChain) async {
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
  }

  private func broke(_ failure: Failure, _ exchange: Exchange) {
    exchange.failure = failure
    if case .stream(let body) = exchange.responseBody { body.cancel() }
    if failure.origin != .downstream { endGRPC(failure.reason, exchange) }
  }

  /// Ends a gRPC answer that broke off by the status that its clients look at: by the reset alone
  /// they could not tell a server that is gone from one that failed.
  private func endGRPC(_ reason: Reason, _ exchange: Exchange) {
    let head = exchange.response
    guard hasSentHead, exchange.isGRPC, head.status == 200, !stream.isClosed,
      stream.unsentBytes == 0
    else { return }
    if case .length = head.framing { return }
    let ending = GRPCEnding(reason)
    let fields = OutgoingFields()
    fields.append(name: "grpc-status".utf8Span.span, value: ending.status.bytes, .literal)
    fields.append(name: "grpc-message".utf8Span.span, value: ending.message.span, .literal)
    owner.session.end(stream, trailers: fields)
    isEndedByTrailers = true
    owner.produce()
  }

  private func write(_ exchange: Exchange) async throws(Failure) {
    switch exchange.responseBody {
    case .none: try sendHead(exchange, isLast: true)
    case .bytes where exchange.request.method == .head: try sendHead(exchange, isLast: true)
    case .bytes(let bytes): try await send(bytes, exchange)
    case .stream(let body):
      try sendHead(exchange, isLast: false)
      try await send(body, exchange)
    case .tunnel(let upstream): try await relay(to: upstream, exchange)
    }
    owner.produce()
  }

  func sendHead(_ exchange: Exchange, isLast: Bool) throws(Failure) {
    if !exchange.response.fields.present.contains(.date) {
      exchange.render(context.date.block(at: context.wallMilliseconds))
    }
    do throws(HTTP1Error) {
      if exchange.isResponseOverfull { throw .unsafeField }
      try ResponseForm.write(
        exchange.response, framing: exchange.response.framing, answering: exchange.request,
        blocks: exchange.rendered, into: context.outgoingFields)
    } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
    }
    hasSentHead = true
    owner.respond(stream, context.outgoingFields, isLast: isLast)
  }

  /// Sends a body of our own.
  private func send(_ bytes: [UInt8], _ exchange: Exchange) async throws(Failure) {
    try sendHead(exchange, isLast: false)
    let buffer = context.resources.heads.borrow(forBytes: bytes.count)
    ownBody = buffer
    var sent = 0
    while sent < bytes.count {
      let count = min(bytes.count - sent, buffer.capacity)
      buffer.clear()
      let isTaken = buffer.append(bytes.span.extracting(sent..<sent + count))
      precondition(isTaken, "A piece is no larger than its buffer.")
      sent += count
      try await send(buffer, count, isLast: sent == bytes.count, exchange)
    }
  }

  private func send(_ body: any BodySource, _ exchange: Exchange) async throws(Failure) {
    while true {
      while let chunk = try body.ready() {
        let isLast = body.isComplete && body.trailers == nil
        try await send(chunk.buffer, chunk.count, isLast: isLast, exchange)
        if isLast { return }
      }
      if body.isComplete { return try end(after: body) }
      owner.produce()
      try await body.wait()
      if isGone { throw Failure(.clientGone, origin: .downstream, retry: .never) }
    }
  }

  /// Ends a body whose last bytes are framed.
  private func end(after body: any BodySource) throws(Failure) {
    guard let trailers = body.trailers else { return owner.session.end(stream) }
    let fields = OutgoingFields()
    do throws(HTTP1Error) {
      try ResponseForm.write(trailers, into: fields)
    } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
    }
    owner.session.end(stream, trailers: fields)
  }

  /// Hands bytes to the session and waits until it has framed them.
  private func send(
    _ buffer: Buffer, _ count: Int, isLast: Bool, _ exchange: Exchange
  ) async throws(Failure) {
    exchange.outcome.responseBodyBytes &+= UInt64(count)
    owner.session.send(stream, buffer, count: count, isLast: isLast)
    owner.produce()
    var left = stream.unsentBytes
    guard left > 0 || isGone else { return }
    let start = context.loop.now
    let before = Instant.now()
    defer { exchange.waitedNanoseconds &+= context.loop.now.since(before) }
    let pace = owner.limits.sendingPace
    let whole = left
    var end = start.advanced(milliseconds: pace.stall)
    while left > 0 || isGone {
      guard !isGone, !stream.isClosed else {
        throw Failure(.clientGone, origin: .downstream, retry: .never)
      }
      switch await exchange.waiter.wait(until: end) {
      case .signalled: break
      case .timedOut:
        // As on HTTP/1: some progress in each such time, and on the whole the least rate.
        let now = context.loop.now
        let elapsed = now.since(start) / 1_000_000
        guard stream.unsentBytes < left, pace.allows(elapsed, for: whole - stream.unsentBytes)
        else { throw stalled() }
        left = stream.unsentBytes
        end = now.advanced(milliseconds: pace.stall)
      case .cancelled: throw Failure(.draining, origin: .gateway, retry: .never)
      }
      if stream.unsentBytes == 0 { left = 0 }
    }
  }

  /// The client gave no window for too long. One stream that does so ends; ten of them are an
  /// attack.
  private func stalled() -> Failure {
    do throws(HTTP2Error) {
      try owner.session.note(.windowStall, weight: 10)
    } catch { owner.fail(error) }
    return Failure(.writeStalled, origin: .downstream, retry: .never)
  }
}
