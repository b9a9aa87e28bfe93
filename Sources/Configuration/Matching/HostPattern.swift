// Host names in `match host=` and elsewhere: exact, one or more labels before a suffix, or any. RFC
// 9110 section 4.2.3 compares hosts without regard to case; a request's port and one trailing dot
// are ignored before they get here.

import Bytes

/// A host pattern, in lower case and without a trailing dot.
package enum HostPattern: Sendable, Hashable {
  /// `*`: every host, also one that is no name at all.
  case any
  /// `*.example.com`, kept as `example.com`: one or more labels before the suffix.
  case wildcard(suffix: String)
  /// `api.example.com`, `192.0.2.1` or `[2001:db8::1]`.
  case exact(String)

  /// Bytes of one name and of one of its labels. RFC 1035 section 2.3.4.
  private static let nameBytesMax = 253
  private static let labelBytesMax = 63

  package init(parsing text: String) throws(PatternError) {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else { throw PatternError("a host pattern needs a name", at: 0) }
    if text == "*" {
      self = .any
    } else if bytes[0] == UInt8(ascii: "[") {
      try Self.checkAddress(bytes)
      self = .exact(text.lowercased())
    } else if text.hasPrefix("*.") {
      guard bytes.count > 2 else { throw PatternError("a name is missing after '*.'", at: 2) }
      try Self.checkName(bytes, from: 2)
      self = .wildcard(suffix: String(text.dropFirst(2)).lowercased())
    } else {
      try Self.checkName(bytes, from: 0)
      self = .exact(text.lowercased())
    }
  }

  /// As it is written in the configuration.
  package var text: String {
    switch self {
    case .any: "*"
    case .wildcard(let suffix): "*." + suffix
    case .exact(let name): name
    }
  }

  /// What both patterns match, or nil when no host matches both.
  package func intersection(_ other: HostPattern) -> HostPattern? {
    if covers(other) { return other }
    return other.covers(self) ? self : nil
  }

  /// Whether every host that `other` matches is matched by this one too.
  package func covers(_ other: HostPattern) -> Bool {
    switch (self, other) {
    case (.any, _): true
    case (_, .any), (.exact, .wildcard): false
    case (.exact(let name), .exact(let otherName)): name == otherName
    case (.wildcard(let suffix), .exact(let name)): name.hasSuffix("." + suffix)
    case (.wildcard(let suffix), .wildcard(let otherSuffix)):
      otherSuffix == suffix || otherSuffix.hasSuffix("." + suffix)
    }
  }

  private static func checkName(_ bytes: [UInt8], from start: Int) throws(PatternError) {
    guard bytes.count - start <= nameBytesMax else {
      throw PatternError("a host name has at most \(nameBytesMax) bytes", at: start + nameBytesMax)
    }
    var labelStart = start
    for index in start...bytes.count {
      guard index < bytes.count, bytes[index] != UInt8(ascii: ".") else {
        try checkLabel(bytes, labelStart..<index)
        labelStart = index + 1
        continue
      }
      try checkByte(bytes[index], at: index)
    }
  }

  private static func checkByte(_ byte: UInt8, at index: Int) throws(PatternError) {
    switch byte {
    case UInt8(ascii: "-"), UInt8(ascii: "_"): return
    case _ where ASCII.isLetter(byte) || ASCII.isDigit(byte): return
    case UInt8(ascii: "*"):
      throw PatternError("'*' stands only as the first label, as in *.example.com", at: index)
    case UInt8(ascii: ":"):
      throw PatternError("a host pattern has no port; the listener's bind has it", at: index)
    case UInt8(ascii: "/"):
      throw PatternError("a host pattern has no scheme and no path", at: index)
    case 0x80...:
      throw PatternError("write a name outside ASCII in its xn-- form", at: index)
    default:
      throw PatternError("a host name has only letters, digits, '-', '_' and dots", at: index)
    }
  }

  private static func checkLabel(_ bytes: [UInt8], _ label: Range<Int>) throws(PatternError) {
    guard let first = label.first, let last = label.last else {
      let isTrailingDot = label.lowerBound == bytes.count && bytes.last == UInt8(ascii: ".")
      throw isTrailingDot
        ? PatternError(
          "leave out the trailing dot; requests match with and without it", at: bytes.count - 1)
        : PatternError("a label of a host name cannot be empty", at: label.lowerBound)
    }
    guard label.count <= labelBytesMax else {
      throw PatternError(
        "a label of a host name has at most \(labelBytesMax) bytes", at: label.lowerBound)
    }
    for edge in [first, last] where bytes[edge] == UInt8(ascii: "-") {
      throw PatternError("a label of a host name cannot start or end with '-'", at: edge)
    }
  }

  /// An IPv6 address in brackets: its characters only, since it is compared as text.
  private static func checkAddress(_ bytes: [UInt8]) throws(PatternError) {
    guard bytes.last == UInt8(ascii: "]") else {
      throw PatternError("an IPv6 address ends with ']'", at: bytes.count)
    }
    guard bytes.count > 3 else { throw PatternError("there is no address in the brackets", at: 1) }
    for index in 1..<bytes.count - 1 {
      let byte = bytes[index]
      let isPart =
        ASCII.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
      guard isPart else {
        throw PatternError("an IPv6 address has only hexadecimal digits, ':' and '.'", at: index)
      }
    }
  }
}
