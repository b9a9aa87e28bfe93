// Single bytes and short runs as ASCII: the alphabet in which HTTP, TLS names and the config
// language are written.

/// Byte values by the names that the RFCs give them.
public enum ASCII {
  @inlinable public static var tab: UInt8 { 9 }
  @inlinable public static var lineFeed: UInt8 { 10 }
  @inlinable public static var carriageReturn: UInt8 { 13 }
  @inlinable public static var space: UInt8 { 32 }

  /// The byte in lower case, when it is a letter from A to Z; any other byte as it is.
  @inlinable public static func lowercase(_ byte: UInt8) -> UInt8 {
    byte &- 65 < 26 ? byte | 0x20 : byte
  }

  @inlinable public static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

  @inlinable public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 }

  /// Whether the byte may stand in no line of text: all control characters but the tab.
  @inlinable public static func isControl(_ byte: UInt8) -> Bool {
    (byte < 32 && byte != 9) || byte == 127
  }

  /// The value of a hexadecimal digit, or nil for any other byte.
  @inlinable public static func hexValue(_ byte: UInt8) -> UInt8? {
    if byte &- 48 < 10 { return byte &- 48 }
    let letter = (byte | 0x20) &- 97
    return letter < 6 ? letter &+ 10 : nil
  }
}

extension StaticString {
  /// The bytes of the text, which live as long as the program.
  @inlinable public var bytes: Span<UInt8> {
    @_lifetime(immortal)
    get {
      // The storage is constant data of the program, and never freed.
      let span = unsafe Span(_unsafeStart: utf8Start, count: utf8CodeUnitCount)
      return unsafe _overrideLifetime(span, copying: ())
    }
  }
}

extension Span where Element == UInt8 {
  /// Whether the bytes equal `text`, byte for byte.
  public func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    // A static string's storage lives as long as the program, and the index is below its count.
    for index in 0..<count where unsafe self[index] != text.utf8Start[index] { return false }
    return true
  }

  /// Whether the bytes equal `lowercased`, which is in lower case, whatever the case of the bytes.
  public func equalsIgnoringCase(_ lowercased: StaticString) -> Bool {
    guard count == lowercased.utf8CodeUnitCount else { return false }
    for index in 0..<count
    where unsafe ASCII.lowercase(self[index]) != lowercased.utf8Start[index] { return false }
    return true
  }

  /// Whether both runs hold the same bytes.
  public func equals(_ other: borrowing Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count where self[index] != other[index] { return false }
    return true
  }

  public func equalsIgnoringCase(_ other: borrowing Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count where ASCII.lowercase(self[index]) != ASCII.lowercase(other[index]) {
      return false
    }
    return true
  }

  /// The bytes as text, with invalid UTF-8 replaced: for logs, tests and control paths, not for the
  /// hot path.
  public var text: String { unsafe withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) } }

  /// A copy of the bytes: for control paths and tests.
  public var array: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }
}
