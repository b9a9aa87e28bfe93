// Sizes of the config language: `500B 64KiB 1MiB 2GiB`. Binary units only, spelled as IEC 80000-13
// does.

/// A number of bytes, never negative.
package struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let bytes: Int

  private init(unchecked bytes: Int) { self.bytes = bytes }

  package static func bytes(_ count: Int) -> ByteCount { ByteCount(unchecked: count) }
  package static func kibibytes(_ count: Int) -> ByteCount { ByteCount(unchecked: count << 10) }
  package static func mebibytes(_ count: Int) -> ByteCount { ByteCount(unchecked: count << 20) }
  package static func gibibytes(_ count: Int) -> ByteCount { ByteCount(unchecked: count << 30) }

  private static let units: [(name: String, bytes: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
  ]

  /// Reads `64KiB`; `64k`, `64KB` and a bare number are refused with the spelling that was probably
  /// meant.
  package init(parsing text: String) throws(ValueProblem) {
    let (digits, unit) = text.splitAfterDigits
    guard let count = Int(digits) else { throw ValueProblem() }
    guard let scale = ByteCount.units.first(where: { $0.name == unit }) else {
      throw ValueProblem(hint: ByteCount.meant(digits, unit).map { "write \($0)" })
    }
    let (product, overflow) = count.multipliedReportingOverflow(by: scale.bytes)
    guard !overflow, product < Int.max / 4 else { throw ValueProblem("is too large") }
    bytes = product
  }

  private static func meant(_ digits: Substring, _ unit: Substring) -> String? {
    switch unit.first?.lowercased() {
    case nil, "b": "\(digits)B"
    case "k": "\(digits)KiB"
    case "m": "\(digits)MiB"
    case "g": "\(digits)GiB"
    default: nil
    }
  }

  /// The shortest exact spelling, in the largest unit that divides it.
  package var description: String {
    guard bytes > 0 else { return "0B" }
    for unit in ByteCount.units where bytes % unit.bytes == 0 {
      return "\(bytes / unit.bytes)\(unit.name)"
    }
    return "\(bytes)B"
  }

  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}
