// Sets of byte values as bit masks: the character classes of RFC 9110 and RFC 3986, without a table
// in memory.

/// A set of ASCII values; bytes of 128 and more are never members.
public struct ByteSet: Sendable {
  /// One bit for each of the values 0...63.
  @usableFromInline let low: UInt64
  /// One bit for each of the values 64...127.
  @usableFromInline let high: UInt64

  @inlinable public init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  @inlinable public func contains(_ byte: UInt8) -> Bool {
    let word = byte < 64 ? low : high
    return byte < 128 && (word &>> UInt64(byte & 63)) & 1 != 0
  }

  /// Whether every byte of `bytes` is a member; true for no bytes.
  @inlinable public func containsAll(_ bytes: Span<UInt8>) -> Bool {
    for index in 0..<bytes.count where !contains(bytes[index]) { return false }
    return true
  }
}

extension ByteSet {
  /// `tchar`: RFC 9110 section 5.6.2.
  @inlinable public static var token: ByteSet {
    ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
  }

  /// `tchar` without capital letters: names of fields in HTTP/2, RFC 9113 section 8.2.1.
  @inlinable public static var lowerCaseToken: ByteSet {
    ByteSet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C000_0000)
  }

  /// `unreserved`: RFC 3986 section 2.3.
  @inlinable public static var unreserved: ByteSet {
    ByteSet(low: 0x03FF_6000_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
  }

  /// `pchar` (RFC 3986 section 3.3) and the slash, but not `%`, which is checked with its digits,
  /// and not `;`, which servlet containers cut off a segment with all that follows.
  @inlinable public static var path: ByteSet {
    ByteSet(low: 0x27FF_FFD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF)
  }

  /// What a query may hold: all visible ASCII but `"`, `<`, `>`, `#`, and `%`, which is checked
  /// with its digits. Wider than RFC 3986 section 3.4 by what browsers send as it is, such as
  /// brackets and `|`.
  @inlinable public static var query: ByteSet {
    ByteSet(low: 0xAFFF_FFD2_0000_0000, high: 0x7FFF_FFFF_FFFF_FFFF)
  }

  /// Letters, digits, `-`, `.` and `_`: what names of hosts are written in. RFC 3986's `reg-name`
  /// is wider, but its other characters occur in no name that resolves.
  @inlinable public static var hostName: ByteSet {
    ByteSet(low: 0x03FF_6000_0000_0000, high: 0x07FF_FFFE_87FF_FFFE)
  }
}
