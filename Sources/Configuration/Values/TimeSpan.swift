// Durations of the config language: `50ms 10s 5m 1h 365d`, in whole milliseconds.

/// A length of time. Never negative; at most about 292 million years, so sums of two cannot
/// overflow in practice.
package struct TimeSpan: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let milliseconds: Int64

  private init(unchecked milliseconds: Int64) { self.milliseconds = milliseconds }

  package static let zero = TimeSpan(unchecked: 0)
  package static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(unchecked: count) }
  package static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(unchecked: count * 1000) }
  package static func minutes(_ count: Int64) -> TimeSpan { TimeSpan(unchecked: count * 60_000) }
  package static func hours(_ count: Int64) -> TimeSpan { TimeSpan(unchecked: count * 3_600_000) }
  package static func days(_ count: Int64) -> TimeSpan { TimeSpan(unchecked: count * 86_400_000) }

  private static let units: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Reads `10s`; a number without a unit is refused, because its reader would have to guess.
  package init(parsing text: String) throws(ValueProblem) {
    let (digits, unit) = text.splitAfterDigits
    guard let count = Int64(digits) else { throw ValueProblem() }
    guard !unit.isEmpty else {
      throw ValueProblem(hint: "a unit is missing: \(text)s or \(text)ms")
    }
    guard let scale = TimeSpan.units.first(where: { $0.name == unit }) else { throw ValueProblem() }
    let (product, overflow) = count.multipliedReportingOverflow(by: scale.milliseconds)
    guard !overflow, product < Int64.max / 4 else { throw ValueProblem("is too long") }
    milliseconds = product
  }

  /// The shortest exact spelling, in the largest unit that divides it.
  package var description: String {
    guard milliseconds > 0 else { return "0s" }
    for unit in TimeSpan.units where milliseconds % unit.milliseconds == 0 {
      return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
    return "\(milliseconds)ms"
  }

  package static func < (left: TimeSpan, right: TimeSpan) -> Bool {
    left.milliseconds < right.milliseconds
  }
}

extension String {
  /// The leading ASCII digits and the rest.
  var splitAfterDigits: (digits: Substring, rest: Substring) {
    let end = utf8.firstIndex { !(48...57 ~= $0) } ?? endIndex
    return (self[..<end], self[end...])
  }
}
