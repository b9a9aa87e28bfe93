// The `traceparent` field: which trace a request belongs to. W3C Trace Context Level 2, section
// 3.2.

import Bytes

/// A traceparent that follows the rules, by where its parts stand.
struct TraceParent {
  /// Offsets of the trace id in the value; every version has it at the same place.
  static let traceID = 3..<35
  /// Bytes of the version that we know: `00-<32>-<16>-<2>`.
  static let bytes = 55

  /// Whether the sender recorded this trace.
  let isSampled: Bool
  /// Whether the trace id's right half is random, which Level 2 lets samplers rely on.
  let isRandom: Bool

  /// The flags that this version defines, as the last digit of the value.
  var flags: UInt64 { (isSampled ? 1 : 0) + (isRandom ? 2 : 0) }

  /// Nil when the value breaks a rule: then a new trace begins.
  init?(_ value: Span<UInt8>) {
    guard value.count >= Self.bytes, let version = Self.byte(value, at: 0), version != 0xFF
    else { return nil }
    // Later versions may append members behind another dash; version 0 has nothing more.
    if version == 0 {
      guard value.count == Self.bytes else { return nil }
    } else if value.count > Self.bytes {
      guard value[Self.bytes] == UInt8(ascii: "-") else { return nil }
    }
    guard value[2] == 45, value[35] == 45, value[52] == 45,
      Self.isID(value.extracting(Self.traceID)), Self.isID(value.extracting(36..<52)),
      let flags = Self.byte(value, at: 53)
    else { return nil }
    isSampled = flags & 1 != 0
    isRandom = flags & 2 != 0
  }

  /// Lower-case hexadecimal digits, not all zero.
  private static func isID(_ text: Span<UInt8>) -> Bool {
    var isZero = true
    for index in 0..<text.count {
      guard isLowerHex(text[index]) else { return false }
      if text[index] != 48 { isZero = false }
    }
    return !isZero
  }

  private static func byte(_ value: Span<UInt8>, at index: Int) -> UInt8? {
    guard isLowerHex(value[index]), isLowerHex(value[index + 1]),
      let high = ASCII.hexValue(value[index]), let low = ASCII.hexValue(value[index + 1])
    else { return nil }
    return high << 4 | low
  }

  private static func isLowerHex(_ byte: UInt8) -> Bool {
    byte &- 48 < 10 || byte &- 97 < 6
  }
}
