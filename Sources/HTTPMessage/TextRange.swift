// Where a piece of a message's text stands: in the bytes that were received, or in those that
// Sluice added.

/// A run of bytes in a `FieldSection`'s received or added text.
public struct TextRange: BitwiseCopyable, Sendable, Equatable {
  public var start: UInt32
  public var count: UInt32
  /// Whether the bytes stand in the added text and not in the received one.
  public var isAdded: Bool

  @inlinable public init(start: Int, count: Int, isAdded: Bool = false) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.count = UInt32(truncatingIfNeeded: count)
    self.isAdded = isAdded
  }

  @inlinable public static var empty: TextRange { TextRange(start: 0, count: 0) }

  /// The range after its block was compacted or exchanged for another; added text stays where it
  /// is.
  public func moved(by distance: Int) -> TextRange {
    isAdded || isEmpty ? self : TextRange(start: Int(start) + distance, count: Int(count))
  }

  @inlinable public var isEmpty: Bool { count == 0 }
  @inlinable public var offsets: Range<Int> { Int(start)..<Int(start) + Int(count) }
}
