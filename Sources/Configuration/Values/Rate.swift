// Rates of the config language: `50/s 600/m 1000/h 10000/d`.

/// So many events in one second, minute, hour or day.
package struct Rate: Sendable, Hashable, Comparable, CustomStringConvertible {
  package enum Period: String, Sendable, CaseIterable {
    case second = "s", minute = "m", hour = "h", day = "d"

    package var span: TimeSpan {
      switch self {
      case .second: .seconds(1)
      case .minute: .minutes(1)
      case .hour: .hours(1)
      case .day: .days(1)
      }
    }
  }

  package let count: Int
  package let period: Period

  package init(_ count: Int, per period: Period) {
    self.count = count
    self.period = period
  }

  package init(parsing text: String) throws(ValueProblem) {
    let (digits, rest) = text.splitAfterDigits
    guard let count = Int(digits), count > 0, count <= 1_000_000_000_000, rest.first == "/",
      let period = Period(rawValue: String(rest.dropFirst()))
    else { throw ValueProblem() }
    self.init(count, per: period)
  }

  package var description: String { "\(count)/\(period.rawValue)" }

  /// By events per time, so that 1/s and 60/m are neither above the other.
  package static func < (left: Rate, right: Rate) -> Bool {
    Int64(left.count) * right.period.span.milliseconds
      < Int64(right.count) * left.period.span.milliseconds
  }
}
