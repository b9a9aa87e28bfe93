// IP addresses as two words, written the way RFC 5952 says. No names, no ports: see the engine's
// SocketAddress.

/// An IPv4 or IPv6 address. An IPv4 address that came mapped into IPv6 is kept as IPv4.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
  /// The upper and lower 64 bits of the IPv6 form; IPv4 is `::ffff:a.b.c.d`.
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// - Parameter v4: the four bytes as one number, first byte highest.
  public init(v4: UInt32) { self.init(high: 0, low: 0xffff_0000_0000 | UInt64(v4)) }

  public var isV4: Bool { high == 0 && low >> 32 == 0xffff }
  public var isLoopback: Bool {
    isV4 ? UInt8(truncatingIfNeeded: low >> 24) == 127 : high == 0 && low == 1
  }

  /// Whether the first `bits` bits of both agree; IPv4 prefixes count from their own first bit.
  public func matches(_ other: IPAddress, prefix bits: Int) -> Bool {
    guard isV4 == other.isV4 else { return false }
    let length = isV4 ? bits + 96 : bits
    let upper = length >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(length))
    let lower = length <= 64 ? 0 : length >= 128 ? .max : ~(UInt64.max >> UInt64(length - 64))
    return (high ^ other.high) & upper == 0 && (low ^ other.low) & lower == 0
  }

  /// Parses a dotted quad or an IPv6 address without brackets, port or zone; nil for anything else.
  public init?(parsing text: Span<UInt8>) {
    var hasColon = false
    for index in 0..<text.count where text[index] == UInt8(ascii: ":") { hasColon = true }
    if hasColon {
      guard let words = Self.parseV6(text) else { return nil }
      self.init(high: words.0, low: words.1)
    } else {
      guard let number = Self.parseV4(text, from: 0) else { return nil }
      self.init(v4: number)
    }
  }

  public init?(_ text: String) { self.init(parsing: text.utf8Span.span) }

  private static func parseV4(_ text: Span<UInt8>, from start: Int) -> UInt32? {
    var number: UInt32 = 0
    var parts = 0
    var index = start
    while index < text.count {
      var octet: UInt32 = 0
      let first = index
      while index < text.count, ASCII.isDigit(text[index]) {
        octet = octet * 10 + UInt32(text[index] - 48)
        index += 1
        // Three digits at most, and no leading zero that some readers take for octal.
        if octet > 255 || (index - first > 1 && text[first] == 48) { return nil }
      }
      guard index > first, parts < 4 else { return nil }
      number = number << 8 | octet
      parts += 1
      if index == text.count { break }
      guard text[index] == UInt8(ascii: "."), parts < 4 else { return nil }
      index += 1
    }
    return parts == 4 && index == text.count && text.count > start ? number : nil
  }

  private static func parseV6(_ text: Span<UInt8>) -> (UInt64, UInt64)? {
    var groups = InlineArray<8, UInt16>(repeating: 0)
    var count = 0
    var gap: Int?
    var index = 0
    if text.count >= 2, text[0] == 58 {
      guard text[1] == 58 else { return nil }
      gap = 0
      index = 2
    }
    while index < text.count {
      let first = index
      var group: UInt32 = 0
      while index < text.count, let digit = ASCII.hexValue(text[index]) {
        group = group << 4 | UInt32(digit)
        index += 1
        if index - first > 4 { return nil }
      }
      if index < text.count, text[index] == UInt8(ascii: ".") {
        guard count <= 6, let quad = parseV4(text, from: first) else { return nil }
        groups[count] = UInt16(truncatingIfNeeded: quad >> 16)
        groups[count + 1] = UInt16(truncatingIfNeeded: quad)
        count += 2
        break
      }
      guard index > first, count < 8 else { return nil }
      groups[count] = UInt16(truncatingIfNeeded: group)
      count += 1
      if index == text.count { break }
      guard text[index] == 58 else { return nil }
      index += 1
      if index == text.count { return nil }
      if text[index] == 58 {
        guard gap == nil else { return nil }
        gap = count
        index += 1
      }
    }
    return assemble(groups, count: count, gap: gap)
  }

  private static func assemble(
    _ groups: InlineArray<8, UInt16>, count: Int, gap: Int?
  ) -> (UInt64, UInt64)? {
    guard gap == nil ? count == 8 : count < 8 else { return nil }
    let split = gap ?? 8
    var words: (UInt64, UInt64) = (0, 0)
    for position in 0..<8 {
      let tail = count - (8 - position)
      let group: UInt16 =
        position < split && position < count ? groups[position] : tail >= split ? groups[tail] : 0
      if position < 4 {
        words.0 = words.0 << 16 | UInt64(group)
      } else {
        words.1 = words.1 << 16 | UInt64(group)
      }
    }
    return words
  }
}

extension IPAddress: CustomStringConvertible {
  public var description: String {
    var output = Output(capacity: 48)
    output.append(self)
    return output.bytes.text
  }
}

extension Output {
  /// Appends the address in its canonical text form (RFC 5952), without brackets.
  public mutating func append(_ address: IPAddress) {
    if address.isV4 {
      for octet in 0..<4 {
        if octet > 0 { append(UInt8(ascii: ".")) }
        append(decimal: address.low >> UInt64(24 - octet * 8) & 255)
      }
    } else {
      appendV6(address)
    }
  }

  private mutating func appendV6(_ address: IPAddress) {
    func group(_ index: Int) -> UInt64 {
      let word = index < 4 ? address.high : address.low
      return word >> UInt64(48 - index % 4 * 16) & 0xffff
    }
    // The longest run of two or more zero groups is written as "::", the first one of equals.
    var gap = 0..<0
    var index = 0
    while index < 8 {
      var end = index
      while end < 8, group(end) == 0 { end += 1 }
      if end - index > max(gap.count, 1) { gap = index..<end }
      index = max(end, index + 1)
    }
    index = 0
    while index < 8 {
      if !gap.isEmpty, index == gap.lowerBound {
        append("::")
        index = gap.upperBound
        continue
      }
      if index > 0, gap.isEmpty || index != gap.upperBound { append(UInt8(ascii: ":")) }
      append(hex: group(index))
      index += 1
    }
  }
}
