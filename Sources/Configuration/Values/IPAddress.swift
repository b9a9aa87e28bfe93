// Addresses and networks, RFC 4291 and RFC 4632, parsed without the C library so that `check` stays
// pure.

/// An IPv4 or IPv6 address. A mapped address (`::ffff:1.2.3.4`) is the IPv4 address, so that no
/// rule is passed by it.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  /// The address as 128 bits; IPv4 in the last 32.
  package let bits: UInt128
  package let isV4: Bool

  package init(v4 bits: UInt32) {
    self.bits = UInt128(bits)
    isV4 = true
  }

  package init(v6 bits: UInt128) {
    isV4 = bits >> 32 == 0xffff
    self.bits = isV4 ? bits & 0xffff_ffff : bits
  }

  package init?(parsing text: some StringProtocol) {
    if text.contains(":") {
      guard let bits = IPAddress.v6(text) else { return nil }
      self.init(v6: bits)
    } else {
      guard let bits = IPAddress.v4(text) else { return nil }
      self.init(v4: bits)
    }
  }

  /// Four decimal numbers without leading zeros: `010.0.0.1` means different things to different
  /// readers.
  private static func v4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.isDigits, let byte = UInt8(part),
        part.utf8.count == 1 || part.utf8.first != 48
      else { return nil }
      bits = bits << 8 | UInt32(byte)
    }
    return bits
  }

  private static func v6(_ text: some StringProtocol) -> UInt128? {
    guard text.utf8.count <= 45 else { return nil }
    var head: [UInt16] = []
    var tail: [UInt16]?
    var rest = String(text)[...]
    if rest.hasPrefix("::") {
      tail = []
      rest = rest.dropFirst(2)
    }
    while !rest.isEmpty {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      guard let words = groups(of: rest[..<end], isLast: end == rest.endIndex) else { return nil }
      if tail == nil { head += words } else { tail? += words }
      rest = rest[end...]
      guard !rest.isEmpty else { break }
      rest = rest.dropFirst()
      if rest.first == ":" {
        guard tail == nil else { return nil }
        tail = []
        rest = rest.dropFirst()
      } else if rest.isEmpty {
        return nil
      }
    }
    return assemble(head, tail)
  }

  /// One group of up to four hexadecimal digits; the last may be an IPv4 address, which is two.
  private static func groups(of text: Substring, isLast: Bool) -> [UInt16]? {
    if isLast, text.contains(".") {
      return v4(text).map { [UInt16($0 >> 16), UInt16($0 & 0xffff)] }
    }
    guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy(isHexDigit) else { return nil }
    return UInt16(text, radix: 16).map { [$0] }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    48...57 ~= byte || 65...70 ~= byte || 97...102 ~= byte
  }

  private static func assemble(_ head: [UInt16], _ tail: [UInt16]?) -> UInt128? {
    let missing = 8 - head.count - (tail?.count ?? 0)
    guard tail == nil ? missing == 0 : missing >= 1 else { return nil }
    let groups = head + [UInt16](repeating: 0, count: missing) + (tail ?? [])
    return groups.reduce(0) { $0 << 16 | UInt128($1) }
  }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool { isV4 ? bits >> 24 == 127 : bits == 1 }

  /// Whether it is loopback, link-local or of the private ranges of RFC 1918 and RFC 4193.
  package var isPrivate: Bool {
    if isLoopback { return true }
    guard isV4 else { return bits >> 121 == 0x7e || bits >> 118 == 0x3fa }
    return bits >> 24 == 10 || bits >> 20 == 0xac1 || bits >> 16 == 0xc0a8 || bits >> 16 == 0xa9fe
  }

  /// RFC 5952: lower case, the first longest run of zero groups as `::`.
  package var description: String {
    guard !isV4 else {
      return [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: bits >> $0)) }
        .joined(separator: ".")
    }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> (112 - 16 * $0)) }
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > max(best.count, 1) { best = start..<end }
      start = max(end, start + 1)
    }
    let hex = { (part: ArraySlice<UInt16>) in
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard !best.isEmpty else { return hex(groups[...]) }
    return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
  }
}
