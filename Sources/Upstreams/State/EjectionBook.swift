// Who is ejected, how often, and for how long: passive outlier detection without sockets or clocks.

import Engine

/// When a server counts as an outlier, and what follows.
package struct OutlierRule: Sendable, Hashable {
  /// Failed tries in a row; zero never ejects for them.
  package let consecutive: UInt64
  /// Share of failed tries in millionths; nil never ejects for it.
  package let errorShare: UInt64?
  /// How many times slower than its peers a server must be; nil never ejects for it.
  package let slowness: UInt64?
  /// Tries in the window below which the share means nothing.
  package let requestsMin: UInt64
  /// Milliseconds over which the share is taken.
  package let window: UInt64
  /// Status codes that count as failures.
  package let statuses: StatusSet
  /// Milliseconds of the first ejection, and of the longest.
  package let ejection: ClosedRange<UInt64>
  /// Share of an upstream's servers that may be out at a time, in millionths.
  package let ejectedMax: UInt64

  package init(
    consecutive: UInt64, errorShare: UInt64?, slowness: UInt64?, requestsMin: UInt64,
    window: UInt64,
    statuses: StatusSet, ejection: ClosedRange<UInt64>, ejectedMax: UInt64
  ) {
    self.consecutive = consecutive
    self.errorShare = errorShare
    self.slowness = slowness
    self.requestsMin = requestsMin
    self.window = window
    self.statuses = statuses
    self.ejection = ejection
    self.ejectedMax = ejectedMax
  }

  /// How many of `serverCount` servers may be out: never all of them.
  func seats(of serverCount: Int) -> Int {
    let share = UInt64(clamping: serverCount).multipliedReportingOverflow(by: ejectedMax)
    let seats = share.overflow ? 0 : Int(clamping: share.partialValue / 1_000_000)
    return min(seats, serverCount - 1)
  }
}

/// The ejections of one upstream.
struct EjectionBook {
  private struct Entry {
    var end = Instant(nanoseconds: 0)
    /// Ejections without a long good time between them.
    var run: UInt64 = 0
    var total: UInt64 = 0
  }

  private var entries: [String: Entry] = [:]

  /// Notes an ejection and returns its end. Nil when the server is out already, or may not go.
  mutating func eject(
    _ server: String, of serverCount: Int, by rule: OutlierRule, at now: Instant
  ) -> Instant? {
    var entry = entries[server] ?? Entry()
    guard entry.end <= now else { return nil }
    let out = entries.values.count { $0.end > now }
    guard out < rule.seats(of: serverCount) else { return nil }
    // Who behaved for as long as the longest ejection starts again with a short one.
    if entry.end.advanced(milliseconds: rule.ejection.upperBound) <= now { entry.run = 0 }
    entry.end = now.advanced(milliseconds: length(of: entry.run, by: rule))
    entry.run += 1
    entry.total += 1
    entries[server] = entry
    return entry.end
  }

  /// Doubles with each ejection, up to the longest.
  private func length(of run: UInt64, by rule: OutlierRule) -> UInt64 {
    let shift = min(run, 20)
    let (length, isTooLong) = rule.ejection.lowerBound.multipliedReportingOverflow(by: 1 << shift)
    return isTooLong ? rule.ejection.upperBound : min(length, rule.ejection.upperBound)
  }

  func total(of server: String) -> UInt64 { entries[server]?.total ?? 0 }

  mutating func forget(except names: Set<String>) {
    entries = entries.filter { names.contains($0.key) }
  }
}
