// Bodies of copied requests: one that is copied while it passes, and one that is there.

import Bytes
import Engine
import HTTPMessage
import PolicyChain

/// The client's body on its way, of which a copy is kept. The copy is sent when the exchange is
/// over and the body was whole.
final class MirroredBody: BodySource {
  private let inner: any BodySource
  private let mirror: Mirror
  private let copy: RequestCopy
  /// Nil once the body is longer than is copied.
  private var kept: Buffer?

  init(_ inner: any BodySource, for copy: RequestCopy, from mirror: Mirror) {
    self.inner = inner
    self.mirror = mirror
    self.copy = copy
    let buffer = mirror.borrowBuffer()
    kept = buffer
    copy.body = buffer
  }

  func ready() throws(Failure) -> BodyChunk? {
    guard let chunk = try inner.ready() else { return nil }
    if let kept, kept.count + chunk.count > Mirror.bodyBytesMax || !kept.append(chunk.bytes) {
      self.kept = nil
    }
    return chunk
  }

  func wait() async throws(Failure) { try await inner.wait() }
  func cancel() { inner.cancel() }
  var isComplete: Bool { inner.isComplete }
  var deadline: Instant { inner.deadline }
  var trailers: FieldSection? { inner.trailers }
}

extension MirroredBody: ExchangeResource {
  func release(after exchange: Exchange) {
    exchange.requestBody = inner
    // An early answer may have left the body unread.
    if kept != nil, inner.isComplete { mirror.send(copy) } else { mirror.drop(copy) }
  }
}

/// A body that is whole, as a source.
final class StoredBody: BodySource {
  private let buffer: Buffer

  init(_ buffer: Buffer) { self.buffer = buffer }

  func ready() throws(Failure) -> BodyChunk? {
    buffer.isEmpty ? nil : BodyChunk(buffer: buffer, count: buffer.count)
  }

  func wait() async throws(Failure) {}
  func cancel() { buffer.clear() }
  var isComplete: Bool { buffer.isEmpty }
  var deadline: Instant { .never }
  var trailers: FieldSection? { nil }
}
