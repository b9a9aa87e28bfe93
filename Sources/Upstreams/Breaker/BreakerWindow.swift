// Tries and failures over a sliding window, counted by all workers without a lock.

import Engine
import Synchronization

/// Ten pieces of time, each one word: which piece it is, its tries, its failures.
final class BreakerWindow: Sendable {
  private static let pieceCount: UInt64 = 10
  /// Bits of a count; a piece that has more is full, and its share stays what it was.
  private static let countBits: UInt64 = 22
  private static let countMax: UInt64 = 1 << countBits - 1
  private static let pieceMask: UInt64 = 1 << 20 - 1

  private let pieces = InlineArray<10, Atomic<UInt64>> { _ in Atomic(0) }
  /// Nanoseconds of a piece.
  private let piece: UInt64

  /// - Parameter milliseconds: at least 10.
  init(milliseconds: UInt64) { piece = max(milliseconds, 10) * 1_000_000 / Self.pieceCount }

  /// Starts at 1, so that a word of zero is no piece that counts.
  private func number(at now: Instant) -> UInt64 { now.nanoseconds / piece + 1 }

  func add(isFailure: Bool, at now: Instant) {
    let number = number(at: now)
    let index = Int(number % Self.pieceCount)
    let stamp = (number & Self.pieceMask) << (2 * Self.countBits)
    let one: UInt64 = isFailure ? 1 << Self.countBits | 1 : 1
    var old = pieces[index].load(ordering: .relaxed)
    while true {
      let isOwn = old >> (2 * Self.countBits) == stamp >> (2 * Self.countBits)
      if isOwn, old & Self.countMax == Self.countMax { return }
      let new = isOwn ? old &+ one : stamp | one
      let (exchanged, current) = pieces[index].weakCompareExchange(
        expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = current
    }
  }

  /// Tries and failures of the last ten pieces.
  func sum(at now: Instant) -> (tries: UInt64, failures: UInt64) {
    let number = number(at: now)
    var (tries, failures): (UInt64, UInt64) = (0, 0)
    for index in pieces.indices {
      let word = pieces[index].load(ordering: .relaxed)
      let age = (number &- word >> (2 * Self.countBits)) & Self.pieceMask
      guard word != 0, age < Self.pieceCount else { continue }
      tries += word & Self.countMax
      failures += word >> Self.countBits & Self.countMax
    }
    return (tries, failures)
  }

  /// Forgets everything: what was before a rest says nothing of what comes after it.
  func clear() {
    for index in pieces.indices { pieces[index].store(0, ordering: .relaxed) }
  }
}
