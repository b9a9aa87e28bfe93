// What `{name}` and `**` of a path pattern stood for, as offsets into the request's path.

import HTTPMessage

/// The values that a route's path pattern captured, in the order of the pattern.
package struct PathParameters: Sendable {
  /// Parameters that one pattern may have.
  package static let countMax = 16

  package private(set) var count = 0
  private var values = InlineArray<16, TextRange>(repeating: .empty)
  /// What `**` stood for, without a leading slash; nil when the pattern has none.
  package var rest: TextRange?

  package init() {}

  package subscript(index: Int) -> TextRange { values[index] }

  /// Returns false when there are `countMax` already.
  package mutating func append(_ value: TextRange) -> Bool {
    guard count < Self.countMax else { return false }
    values[count] = value
    count += 1
    return true
  }

  /// Forgets the parameters from `length` on: a matcher that goes back.
  package mutating func truncate(to length: Int) { count = min(count, length) }
}
