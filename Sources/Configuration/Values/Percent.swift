// Percentages of the config language: `95% 99.9%`, from 0 % to 100 %, with at most four decimals.

/// A share, held exactly in millionths: no floating point, so that shares add up to 100 % or do
/// not.
package struct Percent: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let millionths: Int

  private init(unchecked millionths: Int) { self.millionths = millionths }

  package static let whole = Percent(unchecked: 1_000_000)
  package static let zero = Percent(unchecked: 0)
  package static func percent(_ count: Int) -> Percent { Percent(unchecked: count * 10_000) }

  package init(parsing text: String) throws(ValueProblem) {
    guard text.hasSuffix("%") else {
      throw ValueProblem(hint: Int(text).map { "write \($0)%" })
    }
    let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.isDigits }),
      let whole = Int(parts[0]), whole <= 100, parts.count == 1 || parts[1].utf8.count <= 4
    else { throw ValueProblem() }
    let decimals = parts.count == 2 ? parts[1] : ""
    let padded = decimals + String(repeating: "0", count: 4 - decimals.utf8.count)
    millionths = whole * 10_000 + (Int(padded) ?? 0)
    guard millionths <= Percent.whole.millionths else { throw ValueProblem("is over 100%") }
  }

  package var description: String {
    let fraction = millionths % 10_000
    guard fraction > 0 else { return "\(millionths / 10_000)%" }
    var decimals = String(10_000 + fraction).dropFirst()
    while decimals.last == "0" { decimals = decimals.dropLast() }
    return "\(millionths / 10_000).\(decimals)%"
  }

  package static func < (left: Percent, right: Percent) -> Bool {
    left.millionths < right.millionths
  }
}

extension StringProtocol {
  /// Whether every character is an ASCII digit.
  var isDigits: Bool { utf8.allSatisfy { 48...57 ~= $0 } }
}
