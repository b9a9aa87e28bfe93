// The usual latency of a server: a moving average that also ages while nothing comes, as the
// peak-sensitive averages of Finagle and Envoy do. One word, so that workers share it without a
// lock.

import Engine

/// A moving average that forgets. A sample weighs an eighth, and more the longer the last one is
/// ago; without samples the average halves each second. So a server that was slow once, and is
/// given no requests for it, is asked again.
struct SmoothedLatency: Equatable {
  /// Microseconds above, time in units of 2^20 ns (about a millisecond) below; it wraps after 50
  /// days, after which a forgotten average is none.
  private(set) var packed: UInt64

  init(packed: UInt64) { self.packed = packed }

  /// What the old average weighs against a sample that comes at once, in 65536ths.
  private static let weightMax: UInt64 = 65_536 / 8 * 7

  private static func clock(_ now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds >> 20)
  }

  private func age(at now: Instant) -> UInt32 {
    let age = Self.clock(now) &- UInt32(truncatingIfNeeded: packed)
    // Another core's clock may be a turn ahead: that is no age of 50 days.
    return age > .max / 2 ? 0 : age
  }

  /// What is left of the average, in 65536ths: halved for each second, in a straight line between.
  private func rest(at now: Instant) -> UInt64 {
    let age = UInt64(age(at: now))
    return (65_536 - (age & 1_023) * 32) >> min(age >> 10, 63)
  }

  func microseconds(at now: Instant) -> UInt64 { ((packed >> 32) * rest(at: now)) >> 16 }

  /// Whether the last sample came at `start` or later.
  func isNewer(than start: Instant, at now: Instant) -> Bool {
    let (turns, isBefore) = (now.nanoseconds >> 20)
      .subtractingReportingOverflow(start.nanoseconds >> 20)
    return !isBefore && UInt64(age(at: now)) <= turns
  }

  mutating func add(_ nanoseconds: UInt64, at now: Instant) {
    // 2^28 µs are four minutes; the bound keeps products of costs within 64 bits.
    let sample = min(max(nanoseconds / 1_000, 1), 1 << 28)
    let old = packed >> 32
    let weight = old == 0 ? 0 : min(rest(at: now), Self.weightMax)
    let new = (old * weight + sample * (65_536 - weight) + 32_768) >> 16
    packed = max(new, 1) << 32 | UInt64(Self.clock(now))
  }
}
