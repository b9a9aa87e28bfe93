// Ranges of the config language: `50ms..500ms` of durations, `200..299` of status codes.

/// A shortest and a longest duration. One duration alone is both.
package struct SpanRange: Sendable, Hashable, CustomStringConvertible {
  package let lower: TimeSpan
  package let upper: TimeSpan

  package init(_ lower: TimeSpan, _ upper: TimeSpan) {
    self.lower = lower
    self.upper = upper
  }

  package init(parsing text: String) throws(ValueProblem) {
    let (first, last) = text.rangeEnds
    lower = try TimeSpan(parsing: first)
    upper = try TimeSpan(parsing: last)
    guard lower <= upper else { throw ValueProblem("ends before it begins") }
  }

  package var description: String { lower == upper ? "\(lower)" : "\(lower)..\(upper)" }
}

/// Status codes from one to another, both included. One code alone is both.
package struct StatusRange: Sendable, Hashable, CustomStringConvertible {
  package let codes: ClosedRange<Int>

  package init(_ codes: ClosedRange<Int>) { self.codes = codes }

  package init(parsing text: String) throws(ValueProblem) {
    let (first, last) = text.rangeEnds
    let (lower, upper) = (try Self.code(first), try Self.code(last))
    guard lower <= upper else { throw ValueProblem("ends before it begins") }
    codes = lower...upper
  }

  private static func code(_ text: String) throws(ValueProblem) -> Int {
    guard text.utf8.count == 3, text.isDigits, let code = Int(text) else { throw ValueProblem() }
    guard 100...599 ~= code else { throw ValueProblem("must be from 100 to 599") }
    return code
  }

  package var description: String {
    codes.count == 1 ? "\(codes.lowerBound)" : "\(codes.lowerBound)..\(codes.upperBound)"
  }
}

extension String {
  /// Both ends of `a..b`; the text itself twice when it is no range.
  fileprivate var rangeEnds: (String, String) {
    let bytes = Array(utf8)
    for index in bytes.indices.dropLast() where bytes[index] == 46 && bytes[index + 1] == 46 {
      return (
        String(decoding: bytes[..<index], as: UTF8.self),
        String(decoding: bytes[(index + 2)...], as: UTF8.self)
      )
    }
    return (self, self)
  }
}
