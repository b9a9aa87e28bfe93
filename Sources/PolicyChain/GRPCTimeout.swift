// The deadline that a gRPC client sends along: `TimeoutValue TimeoutUnit`, as the protocol's
// "Requests" section spells it. Numbers that are too large are as good as none: they saturate.

import Bytes

/// Reads and writes the value of `grpc-timeout`.
public enum GRPCTimeout {
  /// Digits that the protocol allows.
  static let digitsMax = 8
  /// What a number is cut to while it is read: above every sum of milliseconds that matters, and
  /// far below an overflow when it is multiplied.
  private static let countMax: UInt64 = 1 << 50

  /// The timeout in milliseconds, rounded up; nil when the text is none.
  ///
  /// More digits than the protocol allows are read all the same: whoever sends them wants to wait
  /// for long (CVE-2021-28682).
  public static func milliseconds(_ text: Span<UInt8>) -> UInt64? {
    guard text.count >= 2 else { return nil }
    var count: UInt64 = 0
    for index in 0..<text.count - 1 {
      guard ASCII.isDigit(text[index]) else { return nil }
      count = min(count &* 10 &+ UInt64(text[index] &- 48), countMax)
    }
    switch text[text.count - 1] {
    case UInt8(ascii: "H"): return min(count, countMax / 3_600_000) * 3_600_000
    case UInt8(ascii: "M"): return min(count, countMax / 60_000) * 60_000
    case UInt8(ascii: "S"): return min(count, countMax / 1_000) * 1_000
    case UInt8(ascii: "m"): return count
    case UInt8(ascii: "u"): return (count + 999) / 1_000
    case UInt8(ascii: "n"): return (count + 999_999) / 1_000_000
    default: return nil
    }
  }

  /// Appends the timeout in the finest unit whose number has few enough digits; what is left of a
  /// coarser one is rounded down, since a deadline is never moved back.
  public static func append(milliseconds: UInt64, to output: inout Output) {
    let units: [(size: UInt64, name: UInt8)] = [
      (1, UInt8(ascii: "m")), (1_000, UInt8(ascii: "S")), (60_000, UInt8(ascii: "M")),
      (3_600_000, UInt8(ascii: "H")),
    ]
    for unit in units where milliseconds / unit.size < 100_000_000 {
      output.append(decimal: milliseconds / unit.size)
      output.append(unit.name)
      return
    }
    output.append("99999999H")
  }
}
