// What the parameters of a path pattern took, as ranges of the request's text.

import HTTPMessage

/// Up to 16 ranges, stored in place.
///
/// A route numbers its parameters: see `RouteTable.parameterSlot(of:in:)`. All of the ranges are
/// ranges of the request that was looked up, valid while its text is.
public struct RouteParameters: Sendable, BitwiseCopyable {
  private var ranges = InlineArray<16, TextRange>(repeating: .empty)
  private var taken: UInt16 = 0
  /// What `**` took, without its slash; nil when the pattern has none.
  public var rest: TextRange?

  public init() {}

  /// What the parameter in `slot` took; nil when the pattern that matched does not have it.
  public subscript(slot: Int) -> TextRange? {
    guard ranges.indices.contains(slot), taken & (1 << UInt16(slot)) != 0 else { return nil }
    return ranges[slot]
  }

  public mutating func set(_ slot: Int, _ range: TextRange) {
    ranges[slot] = range
    taken |= 1 << UInt16(slot)
  }
}
