// A regular expression out of a string. The tidy sources use no regex literals, since their own
// scanner does not know them.
import Foundation

/// A compiled expression in ICU's syntax.
struct Pattern {
  private let expression: NSRegularExpression?

  /// A pattern that does not compile fails every rule that uses it, through `matches`.
  init(_ pattern: String) {
    expression = try? NSRegularExpression(pattern: pattern)
  }

  func isIn(_ text: String) -> Bool {
    !matches(in: text).isEmpty
  }

  /// Each match's last group, or the whole match when the pattern has none, with its place in
  /// UTF-16.
  func matches(in text: String) -> [(text: String, offset: Int)] {
    guard let expression else { preconditionFailure("The pattern does not compile.") }
    let whole = NSRange(text.startIndex..., in: text)
    return expression.matches(in: text, range: whole).compactMap { match in
      guard let range = Range(match.range(at: match.numberOfRanges - 1), in: text) else {
        return nil
      }
      return (String(text[range]), match.range.location)
    }
  }

  /// The lines on which matches begin, counted from one.
  func lines(in text: String) -> [Int] {
    matches(in: text).map { match in
      text.utf16.prefix(match.offset).count { $0 == 10 } + 1
    }
  }
}
