// The arithmetic of a limit: a token bucket that fills steadily, or a quota that begins anew with
// each window of the calendar. Whole numbers only, so that no token is won or lost by rounding.

/// The time as meters need it. The monotonic clock fills buckets; the calendar turns windows.
public struct MeterTime: Sendable, BitwiseCopyable {
  public var monotonicMicroseconds: UInt64
  /// UTC, since 1970.
  public var wallMilliseconds: UInt64

  public init(monotonicMicroseconds: UInt64, wallMilliseconds: UInt64) {
    self.monotonicMicroseconds = monotonicMicroseconds
    self.wallMilliseconds = wallMilliseconds
  }
}

/// How much one key may take, and how it gets it back.
public struct Meter: Sendable, Hashable, BitwiseCopyable {
  /// Units of a full bucket: whatever is derived from them stays far below overflow, and is exact
  /// in the doubles of Redis' Lua too.
  public static let unitsMax: UInt64 = 1 << 53

  /// Units that may come in a microsecond: a million times as many can still be counted.
  private static let perMicrosecondMax: UInt64 = 1 << 40

  private enum Refill: Hashable, BitwiseCopyable {
    /// Units that come in each microsecond.
    case steady(perMicrosecond: UInt64)
    /// Milliseconds of a window, which begins where the calendar's does.
    case window(milliseconds: UInt64)
  }

  /// Tokens of a full bucket: the `q` of RateLimit-Policy.
  public let tokensMax: UInt64
  /// Units that one token is worth.
  public let unitsPerToken: UInt64
  /// Whole seconds in which an empty bucket fills: the `w` of RateLimit-Policy.
  public let fillSeconds: UInt64
  /// Units of a full bucket.
  public let capacity: UInt64
  private let refill: Refill

  /// A token bucket: `count` tokens come in each period, and `burst` of them can gather. Nil when
  /// that cannot be counted in units.
  ///
  /// A token is worth as many units as the period has microseconds, so that `count` units come in
  /// each of them; both are divided by what they have in common.
  public init?(count: UInt64, periodMilliseconds: UInt64, burst: UInt64) {
    guard count > 0, periodMilliseconds > 0, burst > 0 else { return nil }
    let (period, tooLong) = periodMilliseconds.multipliedReportingOverflow(by: 1000)
    guard !tooLong else { return nil }
    let common = Self.commonDivisor(count, period)
    let (units, isOver) = burst.multipliedReportingOverflow(by: period / common)
    guard !isOver, units <= Self.unitsMax, count / common <= Self.perMicrosecondMax else {
      return nil
    }
    tokensMax = burst
    unitsPerToken = period / common
    capacity = units
    refill = .steady(perMicrosecond: count / common)
    let perSecond = (count / common) * 1_000_000
    fillSeconds = Self.divideUp(units, perSecond)
  }

  /// A quota: `count` in each window of the calendar in UTC. Nil when it is nothing.
  public init?(quota count: UInt64, windowMilliseconds: UInt64) {
    guard count > 0, count <= Self.unitsMax, windowMilliseconds > 0 else { return nil }
    tokensMax = count
    unitsPerToken = 1
    capacity = count
    refill = .window(milliseconds: windowMilliseconds)
    fillSeconds = Self.divideUp(windowMilliseconds, 1000)
  }

  /// Units that come in each microsecond; zero for a quota.
  public var unitsPerMicrosecond: UInt64 {
    if case .steady(let perMicrosecond) = refill { perMicrosecond } else { 0 }
  }

  /// Milliseconds of a quota's window; zero for a token bucket.
  public var windowMilliseconds: UInt64 {
    if case .window(let milliseconds) = refill { milliseconds } else { 0 }
  }

  /// Units that a key has now, when it had `level` at `stamp`.
  func level(_ level: UInt64, since stamp: UInt64, at now: MeterTime) -> UInt64 {
    switch refill {
    case .steady(let perMicrosecond):
      // Workers read their clocks apart: one may be a little behind what another has written.
      guard now.monotonicMicroseconds > stamp else { return level }
      let (gain, isOver) = (now.monotonicMicroseconds - stamp)
        .multipliedReportingOverflow(by: perMicrosecond)
      return isOver || gain >= capacity - level ? capacity : level + gain
    case .window(let milliseconds):
      let window = now.wallMilliseconds / milliseconds
      // A wall clock that was set back a little does not give a second quota.
      return window == stamp || window + 1 == stamp ? level : capacity
    }
  }

  /// What is written beside a level, so that it can be brought forward later.
  func stamp(after stamp: UInt64, at now: MeterTime) -> UInt64 {
    switch refill {
    case .steady: max(stamp, now.monotonicMicroseconds)
    case .window(let milliseconds):
      now.wallMilliseconds / milliseconds + 1 == stamp ? stamp : now.wallMilliseconds / milliseconds
    }
  }

  /// Whole seconds until a key with `level` has `wanted` units; zero when it has them.
  public func seconds(from level: UInt64, to wanted: UInt64, at now: MeterTime) -> UInt64 {
    guard wanted > level else { return 0 }
    switch refill {
    case .steady(let perMicrosecond):
      return Self.divideUp(Self.divideUp(wanted - level, perMicrosecond), 1_000_000)
    case .window(let milliseconds):
      return Self.divideUp(milliseconds - now.wallMilliseconds % milliseconds, 1000)
    }
  }

  /// Nanoseconds until a key with `level` has `wanted` units, a day at most; zero when it has them.
  public func nanoseconds(from level: UInt64, to wanted: UInt64, at now: MeterTime) -> UInt64 {
    guard wanted > level else { return 0 }
    let day: UInt64 = 86_400_000_000
    switch refill {
    case .steady(let perMicrosecond):
      return min(Self.divideUp(wanted - level, perMicrosecond), day) * 1000
    case .window(let milliseconds):
      return min((milliseconds - now.wallMilliseconds % milliseconds) * 1000, day) * 1000
    }
  }

  private static func divideUp(_ value: UInt64, _ divisor: UInt64) -> UInt64 {
    value / divisor + (value % divisor == 0 ? 0 : 1)
  }

  private static func commonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
