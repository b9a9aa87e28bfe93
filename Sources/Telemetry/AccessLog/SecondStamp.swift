// The part of a timestamp that changes once a second, rendered once a second.

import Bytes

/// A rendered date and time of day, kept until another second is asked for.
struct SecondStamp: ~Copyable {
  private var second = UInt64.max
  private var text = Output(capacity: 32)

  /// RFC 3339 up to the seconds: `2026-11-23T17:02:58`.
  mutating func appendRFC3339(_ unixSeconds: UInt64, to line: inout Output) {
    if second != unixSeconds { renderRFC3339(unixSeconds) }
    line.append(text.bytes)
  }

  /// As the Common Log Format has it: `23/Nov/2026:17:02:58 +0000`.
  mutating func appendCommon(_ unixSeconds: UInt64, to line: inout Output) {
    if second != unixSeconds { renderCommon(unixSeconds) }
    line.append(text.bytes)
  }

  private mutating func renderRFC3339(_ unixSeconds: UInt64) {
    let time = CivilTime(unixSeconds: unixSeconds)
    second = unixSeconds
    text.clear()
    text.append(decimal: time.year, width: 4)
    text.append("-")
    text.append(decimal: time.month, width: 2)
    text.append("-")
    text.append(decimal: time.day, width: 2)
    text.append("T")
    appendClock(time)
  }

  private mutating func renderCommon(_ unixSeconds: UInt64) {
    let time = CivilTime(unixSeconds: unixSeconds)
    second = unixSeconds
    text.clear()
    text.append(decimal: time.day, width: 2)
    text.append("/")
    text.append(time.monthName)
    text.append("/")
    text.append(decimal: time.year, width: 4)
    text.append(":")
    appendClock(time)
    text.append(" +0000")
  }

  private mutating func appendClock(_ time: CivilTime) {
    text.append(decimal: time.hour, width: 2)
    text.append(":")
    text.append(decimal: time.minute, width: 2)
    text.append(":")
    text.append(decimal: time.second, width: 2)
  }
}
