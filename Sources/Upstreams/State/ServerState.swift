// What the whole process knows of one server: how much it has to do, how fast it answers, and
// whether it is fit to be asked. All workers read and write it without a lock; it outlives reloads.

import Engine
import Synchronization

/// The live state of one server, in one cache line.
package final class ServerState: Sendable {
  /// What active checks say.
  package enum Health: UInt8, Sendable {
    /// Nobody checks, or no check has ended yet.
    case unknown
    case healthy
    case unhealthy
  }

  /// As written in the config: host and port.
  package let name: String
  // A whole line on either side: neither the object's own reference count nor another server's
  // state shares the line of the counters.
  private let front = InlineArray<8, UInt64>(repeating: 0)
  /// Tries that are under way in the low 24 bits, tries that were begun above them.
  private let load = Atomic<UInt64>(0)
  private let latency = Atomic<UInt64>(0)
  /// Tries that failed since the start.
  private let failed = Atomic<UInt64>(0)
  /// Failed tries without a good one between them.
  private let streak = Atomic<UInt64>(0)
  /// Passed over until then, in nanoseconds of the monotonic clock.
  private let outUntil = Atomic<UInt64>(0)
  /// When it came back, for its slow start; zero when it never was away.
  private let backSince = Atomic<UInt64>(0)
  private let checked = Atomic<UInt8>(Health.unknown.rawValue)
  private let back = InlineArray<8, UInt64>(repeating: 0)

  // Checks are rare: these may share a line with whatever comes next.
  private let goodChecks = Atomic<UInt64>(0)
  private let badChecks = Atomic<UInt64>(0)

  package init(name: String) { self.name = name }

  // MARK: Load

  private static let begun: UInt64 = 1 << 24

  /// A try begins. Every call is followed by one of `end`.
  func begin() { load.wrappingAdd(Self.begun | 1, ordering: .relaxed) }
  func end() { load.wrappingSubtract(1, ordering: .relaxed) }

  /// Tries under way, over all workers.
  package var inFlight: UInt64 { load.load(ordering: .relaxed) & (Self.begun - 1) }
  /// Tries begun since the start; wraps at 2^40.
  package var begunCount: UInt64 { load.load(ordering: .relaxed) >> 24 }
  package var failedCount: UInt64 { failed.load(ordering: .relaxed) }

  // MARK: Latency

  /// What a failure counts as: a server that fails at once must not look fast.
  static let failureLatency: UInt64 = 1_000_000_000

  /// The usual time to the first byte in microseconds, halved for each second without news; zero
  /// when it is not known. What a server did before it came back says nothing of how it does now.
  package func latencyMicroseconds(at now: Instant) -> UInt64 {
    smoothed(at: now).microseconds(at: now)
  }

  private func smoothed(at now: Instant) -> SmoothedLatency {
    let smoothed = SmoothedLatency(packed: latency.load(ordering: .relaxed))
    let back = backSince.load(ordering: .relaxed)
    guard back == 0 || smoothed.isNewer(than: Instant(nanoseconds: back), at: now) else {
      return SmoothedLatency(packed: 0)
    }
    return smoothed
  }

  private func took(_ nanoseconds: UInt64, at now: Instant) {
    // Two workers may overwrite each other's sample: the average does not need every one.
    var smoothed = smoothed(at: now)
    smoothed.add(nanoseconds, at: now)
    latency.store(smoothed.packed, ordering: .relaxed)
  }

  // MARK: Outcomes

  func succeeded(in nanoseconds: UInt64, at now: Instant) {
    took(nanoseconds, at: now)
    // Written only when it changes: a line that is only read is shared by all cores.
    if streak.load(ordering: .relaxed) != 0 { streak.store(0, ordering: .relaxed) }
  }

  /// Returns how many tries in a row have failed now.
  func failed(in nanoseconds: UInt64, at now: Instant) -> UInt64 {
    took(max(nanoseconds, Self.failureLatency), at: now)
    failed.wrappingAdd(1, ordering: .relaxed)
    return streak.wrappingAdd(1, ordering: .relaxed).newValue
  }

  func forgetStreak() { streak.store(0, ordering: .relaxed) }

  // MARK: Fitness

  /// Whether it should be asked: neither ejected, nor passed over, nor found unhealthy.
  package func isFit(at now: Instant) -> Bool {
    outUntil.load(ordering: .relaxed) <= now.nanoseconds
      && checked.load(ordering: .relaxed) != Health.unhealthy.rawValue
  }

  package func isOut(at now: Instant) -> Bool {
    outUntil.load(ordering: .relaxed) > now.nanoseconds
  }

  /// Passes it over until `end`, or until later when that was said before.
  func leaveOut(until end: Instant) {
    outUntil.max(end.nanoseconds, ordering: .relaxed)
    backSince.store(end.nanoseconds, ordering: .relaxed)
  }

  package var health: Health {
    Health(rawValue: checked.load(ordering: .relaxed)) ?? .unknown
  }

  // MARK: Checks

  func checkEnded(isGood: Bool) {
    if isGood {
      goodChecks.wrappingAdd(1, ordering: .relaxed)
    } else {
      badChecks.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// Active checks since the start.
  package var goodCheckCount: UInt64 { goodChecks.load(ordering: .relaxed) }
  package var badCheckCount: UInt64 { badChecks.load(ordering: .relaxed) }
  var isChecked: Bool { goodCheckCount + badCheckCount > 0 }

  /// Sets what active checks say, from now on.
  package func found(_ health: Health, at now: Instant) {
    if health == .healthy, self.health == .unhealthy {
      backSince.store(now.nanoseconds, ordering: .relaxed)
      outUntil.store(0, ordering: .relaxed)
      forgetStreak()
    }
    checked.store(health.rawValue, ordering: .relaxed)
  }

  /// Nobody checks it any more, so nothing is known.
  func forgetChecks() { checked.store(Health.unknown.rawValue, ordering: .relaxed) }

  /// It has just been found.
  func join(at now: Instant) { backSince.store(now.nanoseconds, ordering: .relaxed) }

  /// When it last came back from being left out or unhealthy; zero when it never was.
  var lastReturn: Instant { Instant(nanoseconds: backSince.load(ordering: .relaxed)) }
}
