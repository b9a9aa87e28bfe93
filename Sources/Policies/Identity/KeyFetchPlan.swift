// When keys that an issuer publishes are fetched: ahead of time, and when a token names a key that
// nobody knows. It is told the time and says what to do; it fetches nothing itself.

import Bytes
import Engine

/// The plan of one set of keys.
package struct KeyFetchPlan: Sendable {
  /// Milliseconds between two fetches that unknown keys cause, and after one that failed: however
  /// many forged tokens come, the issuer is asked twice a minute.
  package static let cooldown: UInt64 = 30_000

  /// What is done for a token that names an unknown key.
  package enum Inquiry: Sendable, Equatable {
    /// Keys are being fetched, or will be at once. One that has begun may be older than the key.
    case underWay(hasBegun: Bool)
    /// Not before so many seconds.
    case later(seconds: UInt64)
  }

  private let refresh: UInt64
  /// When keys are fetched next.
  package private(set) var next: Instant
  /// From when on an unknown key may cause a fetch.
  private var opensAt = Instant(nanoseconds: 0)
  /// Whether somebody was told to come again later.
  private var isWanted = false
  package private(set) var isFetching = false
  /// Whether the last fetch brought keys.
  package private(set) var isLastGood = false
  /// Fetches that have ended.
  package private(set) var round = 0

  /// - Parameter refresh: milliseconds after which keys are fetched again when nobody asks.
  package init(refresh: UInt64, first: Instant) {
    self.refresh = refresh
    next = first
  }

  package func isDue(at now: Instant) -> Bool { !isFetching && next <= now }

  /// A token names a key that is not known.
  package mutating func inquire(at now: Instant) -> Inquiry {
    if isFetching || next <= now { return .underWay(hasBegun: isFetching) }
    guard now >= opensAt else {
      // Who has to wait shall not wait longer than needed.
      next = min(next, opensAt)
      isWanted = true
      return .later(seconds: (opensAt.since(now) + 999_999_999) / 1_000_000_000)
    }
    opensAt = now.advanced(milliseconds: Self.cooldown)
    next = now
    return .underWay(hasBegun: false)
  }

  package mutating func begin(at now: Instant) {
    isFetching = true
    // What those who wait wanted is done by this one.
    if isWanted { opensAt = now.advanced(milliseconds: Self.cooldown) }
    isWanted = false
  }

  /// - Parameter jitter: from 0 to 1: gateways that started together do not ask together.
  package mutating func end(isGood: Bool, at now: Instant, jitter: Double) {
    isFetching = false
    isLastGood = isGood
    round += 1
    let pause = isGood ? UInt64(Double(refresh) * (0.9 + 0.1 * jitter)) : Self.cooldown
    next = now.advanced(milliseconds: pause)
  }
}
