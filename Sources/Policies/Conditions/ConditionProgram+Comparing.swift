// One comparison: the facts are copied to scratch space, decoded where they are encoded, and
// compared there.

import Bytes
import HTTPMessage
import PolicyChain

extension ConditionProgram {
  /// Bytes that `contains` looks for, when a request says them: work is bounded by the product of
  /// both sides. Longer ones are not looked for.
  static let soughtBytesMax = 256

  func compare(_ source: Source, _ comparison: Comparison, _ exchange: Exchange) -> Truth {
    scratch.clear()
    switch comparison {
    case .isInTable(let index):
      guard let address = exchange.clientAddress else { return .unknown }
      return Truth(tables[index].allows(address))
    case .equalsNumber(let number):
      guard let found = self.number(source, exchange) else { return .unknown }
      return Truth(found == number)
    case .isBelow(let number):
      guard let found = self.number(source, exchange) else { return .unknown }
      return Truth(found < number)
    case .isAbove(let number):
      guard let found = self.number(source, exchange) else { return .unknown }
      return Truth(found > number)
    case .isOneOfNumbers(let run):
      guard let found = self.number(source, exchange) else { return .unknown }
      for index in run.range where numbers[index] == found { return .yes }
      return .no
    case .isOneOf(let run, let ignoresCase):
      guard let text = load(source, exchange) else { return .unknown }
      for index in run.range
      where areEqual(text, texts[index], ignoresCase: ignoresCase) { return .yes }
      return .no
    case .equals(let other, let ignoresCase):
      return compare(source, other, exchange) { left, right in
        Self.areEqual(left, right, ignoresCase: ignoresCase)
      }
    case .hasPrefix(let other, let bySegments, let ignoresCase):
      return compare(source, other, exchange) { left, right in
        Self.hasPrefix(left, right, bySegments: bySegments, ignoresCase: ignoresCase)
      }
    case .contains(let other):
      if let isMember = isMember(of: source, other, exchange) { return isMember }
      var isTooLong = false
      let truth = compare(source, other, exchange) { left, right in
        if case .source = other, right.count > Self.soughtBytesMax {
          isTooLong = true
          return false
        }
        return Self.contains(left, right)
      }
      return isTooLong ? .unknown : truth
    }
  }

  /// Whether a list of the caller's has an item; nil when the source is no list.
  private func isMember(of source: Source, _ other: Other, _ exchange: Exchange) -> Truth? {
    guard hasItems(source, exchange) else { return nil }
    switch other {
    case .text(let text):
      let pool = pool
      return Truth(has(pool.span.extracting(text.range), in: source, exchange))
    case .source(let other):
      guard let range = load(other, exchange) else { return .unknown }
      return Truth(has(scratch.bytes.extracting(range), in: source, exchange))
    }
  }

  private func areEqual(_ loaded: Range<Int>, _ text: Text, ignoresCase: Bool) -> Bool {
    let pool = pool
    return Self.areEqual(
      scratch.bytes.extracting(loaded), pool.span.extracting(text.range), ignoresCase: ignoresCase)
  }

  private static func areEqual(
    _ left: Span<UInt8>, _ right: Span<UInt8>, ignoresCase: Bool
  ) -> Bool {
    ignoresCase ? left.equalsIgnoringCase(right) : left.equals(right)
  }

  private func compare(
    _ source: Source, _ other: Other, _ exchange: Exchange,
    by relation: (Span<UInt8>, Span<UInt8>) -> Bool
  ) -> Truth {
    guard let left = load(source, exchange) else { return .unknown }
    switch other {
    case .text(let text):
      let pool = pool
      return Truth(relation(scratch.bytes.extracting(left), pool.span.extracting(text.range)))
    case .source(let source):
      guard let right = load(source, exchange) else { return .unknown }
      return Truth(relation(scratch.bytes.extracting(left), scratch.bytes.extracting(right)))
    }
  }

  private static func hasPrefix(
    _ text: Span<UInt8>, _ prefix: Span<UInt8>, bySegments: Bool, ignoresCase: Bool
  ) -> Bool {
    guard prefix.count <= text.count else { return false }
    let start = text.extracting(0..<prefix.count)
    guard ignoresCase ? start.equalsIgnoringCase(prefix) : start.equals(prefix) else {
      return false
    }
    guard bySegments, prefix.count < text.count, !prefix.isEmpty else { return true }
    let slash = UInt8(ascii: "/")
    return prefix[prefix.count - 1] == slash || text[prefix.count] == slash
  }

  private static func contains(_ text: Span<UInt8>, _ sought: Span<UInt8>) -> Bool {
    guard !sought.isEmpty else { return true }
    var start = 0
    while start + sought.count <= text.count {
      start = text.firstIndex(of: sought[0], from: start)
      guard start + sought.count <= text.count else { return false }
      if text.extracting(start..<start + sought.count).equals(sought) { return true }
      start += 1
    }
    return false
  }

  // MARK: Numbers

  private func number(_ source: Source, _ exchange: Exchange) -> Int64? {
    switch source {
    case .time: return Int64(clamping: exchange.wallMilliseconds)
    case .timeOfDay:
      return Int64(clamping: exchange.wallMilliseconds / 60_000 % 1440)
    default:
      guard let range = load(source, exchange) else { return nil }
      return Self.number(scratch.bytes.extracting(range))
    }
  }

  /// A whole number as people write it; nil for anything else.
  private static func number(_ text: Span<UInt8>) -> Int64? {
    let isNegative = !text.isEmpty && text[0] == UInt8(ascii: "-")
    let start = isNegative ? 1 : 0
    // Eighteen digits always fit.
    guard (1...18).contains(text.count - start) else { return nil }
    var number: Int64 = 0
    for index in start..<text.count {
      guard ASCII.isDigit(text[index]) else { return nil }
      number = number * 10 + Int64(text[index] - 48)
    }
    return isNegative ? -number : number
  }
}
