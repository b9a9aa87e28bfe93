// Methods in `match method=`. RFC 9110 section 9.1: they are case-sensitive tokens.

import Bytes

/// A method that a route names. `GET` also takes HEAD, behind a route that names HEAD itself.
package struct MethodPattern: Sendable, Hashable {
  package let name: String

  /// Bytes of one method.
  private static let bytesMax = 32

  package init(parsing text: String) throws(PatternError) {
    guard !text.isEmpty else { throw PatternError("a method needs a name", at: 0) }
    for (index, byte) in text.utf8.enumerated() {
      guard index < Self.bytesMax else {
        throw PatternError("a method has at most \(Self.bytesMax) bytes", at: index)
      }
      let isLetter = ASCII.isLetter(byte)
      if isLetter, byte >= UInt8(ascii: "a") {
        throw PatternError("methods are case-sensitive: write \(text.uppercased())", at: index)
      }
      let isMark = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      guard isLetter || ASCII.isDigit(byte) || isMark else {
        throw PatternError("a method has only upper-case letters, digits, '-' and '_'", at: index)
      }
    }
    name = text
  }

  /// Whether a request with method `other` can be taken by a route that names this one.
  package func takes(_ other: MethodPattern) -> Bool {
    self == other || (name == "GET" && other.name == "HEAD")
  }
}
