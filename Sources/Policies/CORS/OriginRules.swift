// Decides whether an origin is one of those that a config lists: comparisons of bytes, without
// taking the origin apart, so that no second reader of URLs can disagree with the browser's.

import Bytes

struct OriginRules {
  private struct Pattern {
    let prefix: [UInt8]
    let suffix: [UInt8]
  }

  private let exact: [[UInt8]]
  private let patterns: [Pattern]

  /// - Parameter origins: without `*`, which is answered without looking at the origin.
  init(_ origins: [CORSOrigin]) {
    exact = origins.compactMap { origin in
      switch origin {
      case .exact(let text): Array(text.utf8)
      case .opaque: Array("null".utf8)
      case .any, .subdomains: nil
      }
    }
    patterns = origins.compactMap { origin in
      guard case .subdomains(let prefix, let suffix) = origin else { return nil }
      return Pattern(prefix: Array(prefix.utf8), suffix: Array(suffix.utf8))
    }
  }

  /// Whether the value of an Origin field is listed, case included: browsers send lower case.
  func allow(_ origin: Span<UInt8>) -> Bool {
    for text in exact where origin.equals(text.span) { return true }
    for pattern in patterns where Self.matches(pattern, origin) { return true }
    return false
  }

  private static func matches(_ pattern: Pattern, _ origin: Span<UInt8>) -> Bool {
    let (prefix, suffix) = (pattern.prefix, pattern.suffix)
    let end = origin.count - suffix.count
    guard prefix.count < end, origin.extracting(0..<prefix.count).equals(prefix.span),
      origin.extracting(end..<origin.count).equals(suffix.span)
    else { return false }
    return areLabels(origin.extracting(prefix.count..<end))
  }

  /// Whether the text is labels joined by single dots. Anything else in front of the suffix, such
  /// as `evil.example/` or `user@`, would be another host or no origin.
  private static func areLabels(_ text: Span<UInt8>) -> Bool {
    var isAtStart = true
    for index in 0..<text.count {
      let byte = text[index]
      if byte == UInt8(ascii: ".") {
        guard !isAtStart else { return false }
        isAtStart = true
        continue
      }
      let isLetter = byte &- 97 < 26
      guard
        isLetter || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      else { return false }
      isAtStart = false
    }
    return !isAtStart
  }
}
