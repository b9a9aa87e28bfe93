// The body of a request on an HTTP/2 stream. The client's window is given back as the bytes are
// pulled, so that a slow upstream stops the client. RFC 9113 sections 5.2 and 8.1.1.

import Bytes
import Engine
import HTTP1
import HTTP2
import HTTPMessage
import PolicyChain

/// The source of one stream's request body.
final class HTTP2RequestBody: BodySource {
  private unowned let owner: ServedStream
  /// What Content-Length said; nil when it said nothing.
  private let declared: UInt64?
  private var pace = BodyPace()
  private var failure: Failure?
  private(set) var isComplete = false
  private(set) var handedOutBytes: UInt64 = 0
  private(set) var trailers: FieldSection?
  private var trailerText: Buffer?

  init(_ owner: ServedStream, declared: UInt64?) {
    self.owner = owner
    self.declared = declared
  }

  private var stream: HTTP2Stream { owner.stream }
  private var exchange: Exchange { owner.exchange }
  private var connection: HTTP2Connection { owner.owner }

  /// Whether more has come than was declared, or the end and less of it.
  var isLengthBroken: Bool {
    guard let declared else { return false }
    return stream.receivedBytes > declared
      || (stream.isInboundComplete && stream.receivedBytes < declared)
  }

  var deadline: Instant {
    pace.deadline(
      after: handedOutBytes, idle: exchange.timeouts.idle, limits: connection.limits)
  }

  func ready() throws(Failure) -> BodyChunk? {
    if let failure { throw failure }
    if isComplete { return nil }
    if isLengthBroken { throw fail(owner.broken(.lengthMismatch)) }
    connection.session.credit(stream)
    if connection.session.wantsWrite { connection.wake() }
    let waiting = stream.inbound?.count ?? 0
    if waiting == 0 {
      guard stream.isInboundComplete else { return try awaitClient() }
      try complete()
      return nil
    }
    pace.received(at: connection.context.loop.now)
    handedOutBytes += UInt64(waiting)
    guard handedOutBytes <= exchange.requestBodyMax else { throw fail(.refused(.bodyTooLarge)) }
    if stream.isInboundComplete { try complete() }
    return stream.inbound.map { BodyChunk(buffer: $0, count: waiting) }
  }

  private func awaitClient() throws(Failure) -> BodyChunk? {
    if owner.isGone || stream.isClosed {
      throw fail(Failure(.clientGone, origin: .downstream, retry: .never))
    }
    pace.awaits(since: connection.context.loop.now)
    return try checkPace()
  }

  private func checkPace() throws(Failure) -> BodyChunk? {
    if deadline <= connection.context.loop.now { throw fail(.refused(.bodyTimeout)) }
    return nil
  }

  private func complete() throws(Failure) {
    if let block = stream.trailers { try readTrailers(block) }
    isComplete = true
  }

  private func readTrailers(_ block: HeaderBlock) throws(Failure) {
    let text = connection.context.resources.heads.borrow(forBytes: block.byteCount)
    trailerText = text
    do throws(HTTP2FieldError) {
      try FieldForm.writeTrailers(block, into: text)
    } catch { throw fail(owner.broken(error)) }
    let fields = FieldSection(addedBytesMax: 1)
    var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
    do throws(HTTP1Error) {
      if case .trailers = try decoder.next(text) {
        _ = try decoder.parseTrailers(text, into: fields)
        trailers = fields
      }
    } catch { throw fail(Failure(error)) }
  }

  func wait() async throws(Failure) {
    switch await exchange.waiter.wait(until: min(deadline, exchange.totalDeadline)) {
    case .signalled, .timedOut: _ = try checkPace()
    case .cancelled: throw fail(Failure(.draining, origin: .gateway, retry: .never))
    }
  }

  func cancel() { _ = fail(Failure(.clientGone, origin: .downstream, retry: .never)) }

  private func fail(_ failure: Failure) -> Failure {
    self.failure = failure
    return failure
  }

  func giveBack() {
    trailers = nil
    guard let trailerText else { return }
    connection.context.resources.heads.giveBack(trailerText)
    self.trailerText = nil
  }
}
