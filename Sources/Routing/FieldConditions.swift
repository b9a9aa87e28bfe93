// Header, query and cookie matches in flat arrays. Every name is looked for in a request at most
// once, whatever the number of routes that ask for it; after that a condition compares hashes.

import Bytes
import Configuration
import HTTPMessage

/// The conditions of all candidates of one table.
struct FieldConditions {
  /// Different names in one table: each may cost a pass over the fields or the query of a request.
  static let namesMax = 64

  struct Name {
    let kind: FieldMatch.Kind
    let text: Range<Int>
  }

  private struct Condition {
    let name: Int
    let values: Range<Int>
  }

  private struct Value {
    let hash: UInt64
    let text: Range<Int>
  }

  private(set) var names: ContiguousArray<Name> = []
  private var conditions: ContiguousArray<Condition> = []
  private var values: ContiguousArray<Value> = []
  private var text: ContiguousArray<UInt8> = []
  let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  /// Adds the conditions of one candidate; nil when there are too many names.
  mutating func append(_ matches: [FieldMatch]) -> Range<UInt32>? {
    let start = conditions.count
    for match in matches {
      guard let name = index(of: match) else { return nil }
      let first = values.count
      for value in match.values {
        let bytes = Array(value.utf8)
        values.append(
          Value(
            hash: PathSegments.hash(bytes, seed: seed), text: text.count..<text.count + bytes.count)
        )
        text.append(contentsOf: bytes)
      }
      conditions.append(Condition(name: name, values: first..<values.count))
    }
    return UInt32(start)..<UInt32(conditions.count)
  }

  /// Values that a request is compared with for these conditions.
  func steps(_ range: Range<UInt32>) -> Int {
    range.reduce(0) { $0 + conditions[Int($1)].values.count }
  }

  /// Whether `request` meets all conditions of `range`.
  func hold(
    _ range: Range<UInt32>, _ request: borrowing Request, _ found: inout FoundFields
  ) -> Bool {
    var index = range.lowerBound
    while index < range.upperBound {
      if !holds(conditions[Int(index)], request, &found) { return false }
      index &+= 1
    }
    return true
  }

  private func holds(
    _ condition: Condition, _ request: borrowing Request, _ found: inout FoundFields
  ) -> Bool {
    let name = names[condition.name]
    let field = found.field(
      condition.name, name.kind, text.span.extracting(name.text), request, seed: seed)
    guard field.isSingle else { return false }
    var index = condition.values.lowerBound
    while index < condition.values.upperBound {
      let value = values[index]
      if value.hash == field.hash, isEqual(value.text, request.text(field.value), name.kind) {
        return true
      }
      index &+= 1
    }
    return false
  }

  private func isEqual(
    _ range: Range<Int>, _ value: borrowing Span<UInt8>, _ kind: FieldMatch.Kind
  ) -> Bool {
    let stored = text.span.extracting(range)
    return switch kind {
    case .query: QueryText.equals(value, stored)
    case .header, .cookie: value.equals(stored)
    }
  }

  private mutating func index(of match: FieldMatch) -> Int? {
    let bytes = Array(match.name.utf8)
    for index in names.indices where names[index].kind == match.kind {
      if text[names[index].text].elementsEqual(bytes) { return index }
    }
    guard names.count < Self.namesMax else { return nil }
    names.append(Name(kind: match.kind, text: text.count..<text.count + bytes.count))
    text.append(contentsOf: bytes)
    return names.count - 1
  }
}
