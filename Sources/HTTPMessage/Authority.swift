// The authority of a request: a host and perhaps a port. RFC 9110 section 4.2, RFC 3986 section
// 3.2. Stricter than the grammar where it allows what no name that resolves contains.

import Bytes

/// Where the parts of an authority stand. User information, empty hosts and empty ports are
/// refused.
public struct Authority: Sendable, Equatable {
  /// Bytes of the host at the start of the text; an IPv6 address keeps its brackets.
  public let hostCount: Int
  public let port: UInt16?

  /// Bytes of a host name: RFC 1035 section 3.1, and the dot of the root.
  public static let hostBytesMax = 254

  /// Nil when `text` is no authority.
  public init?(_ text: Span<UInt8>) {
    guard !text.isEmpty else { return nil }
    let count = text[0] == 0x5B ? Self.addressCount(text) : Self.nameCount(text)
    guard let count else { return nil }
    hostCount = count
    if count == text.count {
      port = nil
    } else {
      guard text[count] == 0x3A, let number = Self.port(text, from: count + 1) else { return nil }
      port = number
    }
  }

  /// Bytes of a name at the start of `text`: labels of 1...63 letters, digits, `-` and `_`, with
  /// dots between them and perhaps one behind them.
  private static func nameCount(_ text: Span<UInt8>) -> Int? {
    var index = text.firstNonNameByte(from: 0)
    var labelStart = 0
    while index < text.count, text[index] != 0x3A {
      guard ByteSet.hostName.contains(text[index]) else { return nil }
      if text[index] == 0x2E {
        guard index > labelStart, index - labelStart <= 63 else { return nil }
        labelStart = index + 1
      }
      index = text.firstNonNameByte(from: index + 1)
    }
    guard index > 0, index <= hostBytesMax, index - labelStart <= 63 else { return nil }
    return index
  }

  /// Bytes of an IPv6 address in brackets at the start of `text`. Zones and future versions are
  /// refused.
  private static func addressCount(_ text: Span<UInt8>) -> Int? {
    let end = text.firstIndex(of: 0x5D, from: 1)
    // The longest address is 45 bytes: six groups and an IPv4 address.
    guard end < text.count, end <= 46, isIPv6(text.extracting(1..<end)) else { return nil }
    return end + 1
  }

  /// RFC 3986 section 3.2.2: eight groups, or fewer and one `::`; the last two may be an IPv4
  /// address.
  private static func isIPv6(_ text: Span<UInt8>) -> Bool {
    var groups = 0
    var hasGap = false
    var index = 0
    while index < text.count {
      if text[index] == 0x3A {
        // Only a doubled colon stands where a group would start, and only once.
        guard !hasGap, index + 1 < text.count, text[index + 1] == 0x3A else { return false }
        hasGap = true
        index += 2
        continue
      }
      let start = index
      while index < text.count, ASCII.hexValue(text[index]) != nil { index += 1 }
      if index < text.count, text[index] == 0x2E {
        return isIPv4(text.extracting(start..<text.count)) && isFull(groups + 2, hasGap)
      }
      guard index > start, index - start <= 4 else { return false }
      groups += 1
      guard index < text.count else { break }
      guard text[index] == 0x3A, index + 1 < text.count else { return false }
      // A single colon is a separator; the first of two belongs to the gap.
      if text[index + 1] != 0x3A { index += 1 }
    }
    return isFull(groups, hasGap)
  }

  private static func isFull(_ groups: Int, _ hasGap: Bool) -> Bool {
    hasGap ? groups <= 7 : groups == 8
  }

  private static func isIPv4(_ text: Span<UInt8>) -> Bool {
    var numbers = 0
    var index = 0
    while numbers < 4 {
      let start = index
      var value = 0
      while index < text.count, index - start < 3, ASCII.isDigit(text[index]) {
        value = value * 10 + Int(text[index] - 48)
        index += 1
      }
      guard index > start, value <= 255, text[start] != 48 || index == start + 1 else {
        return false
      }
      numbers += 1
      if numbers < 4 {
        guard index < text.count, text[index] == 0x2E else { return false }
        index += 1
      }
    }
    return index == text.count
  }

  /// One to five digits that name a port from 1 to 65535.
  private static func port(_ text: Span<UInt8>, from start: Int) -> UInt16? {
    guard start < text.count, text.count - start <= 5 else { return nil }
    var value = 0
    for index in start..<text.count {
      guard ASCII.isDigit(text[index]) else { return nil }
      value = value * 10 + Int(text[index] - 48)
    }
    return value == 0 ? nil : UInt16(exactly: value)
  }
}
