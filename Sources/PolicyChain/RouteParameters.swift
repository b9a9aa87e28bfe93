// What the parameters of a path pattern took, as ranges of the request's text.

import HTTPMessage

/// Up to 16 ranges, stored in place.
///
/// A route numbers its parameters: see `RouteTable.parameterSlot(of:in:)`. All of the ranges are
/// ranges of the request that was looked up, valid while its text is. They are kept small, since a
/// decision is handed on as a value, from call to call.
public struct RouteParameters: Sendable, BitwiseCopyable {
  /// A range from the start of the path, which is shorter than the block that its head stands in.
  private struct Place: BitwiseCopyable {
    var start: UInt16 = 0
    var count: UInt16 = 0
  }

  private var places = InlineArray<16, Place>(repeating: Place())
  private var restPlace = Place()
  private let pathStart: UInt32
  private var taken: UInt16 = 0
  private let isPathAdded: Bool
  private var hasRest = false

  /// - Parameter path: the path that the ranges are parts of.
  public init(of path: TextRange = .empty) {
    pathStart = path.start
    isPathAdded = path.isAdded
  }

  /// What the parameter in `slot` took; nil when the pattern that matched does not have it.
  public subscript(slot: Int) -> TextRange? {
    guard places.indices.contains(slot), taken & (1 << UInt16(slot)) != 0 else { return nil }
    return range(places[slot])
  }

  /// What `**` took, without its slash; nil when the pattern has none.
  public var rest: TextRange? {
    get { hasRest ? range(restPlace) : nil }
    set {
      let place = newValue.flatMap { self.place($0) }
      hasRest = place != nil
      restPlace = place ?? Place()
    }
  }

  /// A range that is no part of a path that fits a block is not taken.
  public mutating func set(_ slot: Int, _ range: TextRange) {
    guard let place = place(range) else { return }
    places[slot] = place
    taken |= 1 << UInt16(slot)
  }

  private func place(_ range: TextRange) -> Place? {
    guard range.isAdded == isPathAdded, range.start >= pathStart,
      let start = UInt16(exactly: range.start - pathStart), let count = UInt16(exactly: range.count)
    else { return nil }
    return Place(start: start, count: count)
  }

  private func range(_ place: Place) -> TextRange {
    TextRange(
      start: Int(pathStart) + Int(place.start), count: Int(place.count), isAdded: isPathAdded)
  }
}
