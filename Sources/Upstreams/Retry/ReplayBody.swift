// A request's body that can be sent twice: what was handed out is kept, up to a bound, until it is
// clear that no other try will need it.

import Bytes
import Engine
import HTTPMessage
import PolicyChain

/// Bodies that are not in use, so that a request costs no allocation in steady state.
final class ReplayShelf {
  private var idle: [ReplayBody] = []
  private let buffers: BufferPool
  private let bytesMax: Int

  /// - Parameter bytesMax: at most the capacity of the pool's buffers.
  init(buffers: BufferPool, bytesMax: Int) {
    self.buffers = buffers
    self.bytesMax = bytesMax
  }

  /// Wraps the exchange's body until the exchange is finished; nil when it has none.
  func wrapBody(of exchange: Exchange) -> ReplayBody? {
    guard let body = exchange.requestBody else { return nil }
    let replay = idle.popLast() ?? ReplayBody(buffers: buffers, bytesMax: bytesMax)
    replay.begin(body, from: self)
    exchange.requestBody = replay
    exchange.hold(replay)
    return replay
  }

  fileprivate func putBack(_ replay: ReplayBody) { idle.append(replay) }
}

/// Wraps the client's body for one exchange at a time.
final class ReplayBody: BodySource {
  private let buffers: BufferPool
  private let bytesMax: Int
  /// Held only while the body is in use, so that neither keeps the other for good.
  private var shelf: ReplayShelf?
  private var inner: (any BodySource)?
  /// What was handed out so far; nil once that was too much.
  private var kept: Buffer?
  /// A copy that a later try takes from; nil while the client's own bytes come.
  private var again: Buffer?

  fileprivate init(buffers: BufferPool, bytesMax: Int) {
    self.buffers = buffers
    self.bytesMax = bytesMax
  }

  fileprivate func begin(_ body: any BodySource, from shelf: ReplayShelf) {
    self.shelf = shelf
    inner = body
    kept = buffers.borrow()
  }

  /// No other try will be made: nothing more is kept.
  func stopKeeping() {
    if let kept { buffers.giveBack(kept) }
    kept = nil
  }

  /// Whether the whole body so far can be sent again.
  var isRepeatable: Bool { kept != nil }

  /// Starts from the first byte again.
  func rewind() {
    guard let kept else { return }
    if let again { buffers.giveBack(again) }
    again = nil
    guard !kept.isEmpty else { return }
    let copy = buffers.borrow()
    let isWhole = copy.append(kept.bytes)
    precondition(isWhole, "Buffers of one pool are of one size.")
    again = copy
  }

  func ready() throws(Failure) -> BodyChunk? {
    if let again {
      if !again.isEmpty { return BodyChunk(buffer: again, count: again.count) }
      buffers.giveBack(again)
      self.again = nil
    }
    guard let chunk = try inner?.ready() else { return nil }
    keep(chunk)
    return chunk
  }

  private func keep(_ chunk: BodyChunk) {
    guard let kept else { return }
    if kept.count + chunk.count > bytesMax || !kept.append(chunk.bytes) { stopKeeping() }
  }

  func wait() async throws(Failure) { try await inner?.wait() }
  func cancel() { inner?.cancel() }
  var isComplete: Bool { again?.isEmpty != false && inner?.isComplete != false }
  var deadline: Instant { again == nil ? inner?.deadline ?? .never : .never }
  var trailers: FieldSection? { inner?.trailers }
}

extension ReplayBody: ExchangeResource {
  func release(after exchange: Exchange) {
    stopKeeping()
    if let again { buffers.giveBack(again) }
    again = nil
    exchange.requestBody = inner
    inner = nil
    let shelf = shelf
    self.shelf = nil
    shelf?.putBack(self)
  }
}
