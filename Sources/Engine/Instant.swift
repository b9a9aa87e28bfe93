// Points in time as the loop sees them: the monotonic clock, read once a turn.

import CLinux
import Glibc

/// Nanoseconds of the monotonic clock. Not wall-clock time: see `WallClock`.
public struct Instant: Comparable, Sendable, BitwiseCopyable {
  public var nanoseconds: UInt64

  @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// A deadline that never comes.
  @inlinable public static var never: Instant { Instant(nanoseconds: .max) }

  @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

  /// Later by `milliseconds`, or `never` when that cannot be counted.
  @inlinable public func advanced(milliseconds: UInt64) -> Instant {
    let (span, tooLong) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, tooLate) = nanoseconds.addingReportingOverflow(span)
    return tooLong || tooLate ? .never : Instant(nanoseconds: sum)
  }

  /// Nanoseconds from `earlier` until this instant; zero when it is not earlier.
  @inlinable public func since(_ earlier: Instant) -> UInt64 {
    nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
  }

  /// Reads the monotonic clock.
  public static func now() -> Instant {
    Instant(nanoseconds: read(CLOCK_MONOTONIC))
  }

  fileprivate static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    let result = unsafe clock_gettime(clock, &time)
    precondition(result == 0, "Linux always has both clocks.")
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// Wall-clock time, for logs, dates and ids.
public enum WallClock {
  /// Milliseconds since 1970 in UTC.
  public static func milliseconds() -> UInt64 { Instant.read(CLOCK_REALTIME) / 1_000_000 }
}
