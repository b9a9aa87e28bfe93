// One comparison: the facts are copied to scratch space, decoded where they are encoded, and
// compared there.

import Bytes
import HTTPMessage
import PolicyChain

extension ConditionProgram {
  /// Bytes that `contains` looks for, when a request says them: work is bounded by the product of
  /// both sides. Longer ones are not looked for.
  static let soughtBytesMax = 256

  /// How two texts may stand to each other.
  enum Relation: BitwiseCopyable {
    case equal(ignoresCase: Bool)
    case prefix(bySegments: Bool, ignoresCase: Bool)
    case contains

    func holds(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
      switch self {
      case .equal(let ignoresCase):
        ignoresCase ? left.equalsIgnoringCase(right) : left.equals(right)
      case .prefix(let bySegments, let ignoresCase):
        ConditionProgram.hasPrefix(
          left, right, bySegments: bySegments, ignoresCase: ignoresCase)
      case .contains: ConditionProgram.contains(left, right)
      }
    }

    /// The same for text of one owner, which lends it for the call.
    func holds(_ text: borrowing Output, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
      holds(text.bytes.extracting(left), text.bytes.extracting(right))
    }

    func holds(
      _ text: borrowing Output, _ left: Range<Int>, _ pool: [UInt8], _ right: Range<Int>
    ) -> Bool {
      holds(text.bytes.extracting(left), pool.span.extracting(right))
    }
  }

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
      let relation = Relation.equal(ignoresCase: ignoresCase)
      for index in run.range
      where relation.holds(scratch, text, pool, texts[index].range) { return .yes }
      return .no
    case .equals(let other, let ignoresCase):
      return compare(source, other, exchange, by: .equal(ignoresCase: ignoresCase))
    case .hasPrefix(let other, let bySegments, let ignoresCase):
      return compare(
        source, other, exchange, by: .prefix(bySegments: bySegments, ignoresCase: ignoresCase))
    case .contains(let other):
      return isMember(of: source, other, exchange)
        ?? compare(source, other, exchange, by: .contains)
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
      return Truth(has(scratch, range, in: source, exchange))
    }
  }

  private func has(
    _ text: borrowing Output, _ range: Range<Int>, in source: Source, _ exchange: Exchange
  ) -> Bool {
    has(text.bytes.extracting(range), in: source, exchange)
  }

  private func compare(
    _ source: Source, _ other: Other, _ exchange: Exchange, by relation: Relation
  ) -> Truth {
    guard let left = load(source, exchange) else { return .unknown }
    switch other {
    case .text(let text): return Truth(relation.holds(scratch, left, pool, text.range))
    case .source(let source):
      guard let right = load(source, exchange) else { return .unknown }
      // What the request says on both sides is looked for up to a bound.
      if case .contains = relation, right.count > Self.soughtBytesMax { return .unknown }
      return Truth(relation.holds(scratch, left, right))
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
      return Self.number(scratch, range)
    }
  }

  private static func number(_ text: borrowing Output, _ range: Range<Int>) -> Int64? {
    number(text.bytes.extracting(range))
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
