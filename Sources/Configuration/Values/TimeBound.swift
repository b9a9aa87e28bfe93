// A duration that may also be no bound at all: `10s` or `off`.

package enum TimeBound: Sendable, Hashable, Comparable, CustomStringConvertible {
  case span(TimeSpan)
  /// Longer than every duration.
  case off

  package var description: String {
    switch self {
    case .off: "off"
    case .span(let span): span.description
    }
  }
}

extension ValueType where Wrapped == TimeBound {
  package static func bound(in range: ClosedRange<TimeSpan>) -> ValueType {
    ValueType(
      "a duration such as 50ms or 10s, or off", words: ["off"],
      schema: .members([
        "type": .string("string"), "pattern": .string("^([0-9]+(ms|s|m|h|d)|off)$"),
      ]),
      canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) in
        if text == "off" { return .off }
        let span = try TimeSpan(parsing: text)
        guard range.contains(span) else {
          throw ValueProblem("must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return .span(span)
      })
  }
}
