// One field line as offsets. No text is copied while a message passes through.

/// A field line: where its name and value stand, and which known field it is. 16 bytes.
public struct FieldEntry: BitwiseCopyable, Sendable {
  /// Offset of the first byte of the name, which is the first byte of the line.
  public var start: UInt32
  /// Bytes of the whole line with its CR LF, so that unchanged neighbours are copied in one run.
  public var lineCount: UInt16
  public var nameCount: UInt16
  /// Offset of the value from `start`, without leading blanks.
  public var valueOffset: UInt16
  /// Bytes of the value, without trailing blanks.
  public var valueCount: UInt16
  public var field: KnownField
  public var isAdded: Bool
  public var isRemoved = false
  /// Whether an added line is known to be one line: see `AddedLines`.
  var isChecked = false

  @inlinable public init(
    start: Int, nameCount: Int, valueOffset: Int, valueCount: Int, lineCount: Int,
    field: KnownField, isAdded: Bool
  ) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.lineCount = UInt16(truncatingIfNeeded: lineCount)
    self.nameCount = UInt16(truncatingIfNeeded: nameCount)
    self.valueOffset = UInt16(truncatingIfNeeded: valueOffset)
    self.valueCount = UInt16(truncatingIfNeeded: valueCount)
    self.field = field
    self.isAdded = isAdded
  }

  @inlinable public var name: Range<Int> { Int(start)..<Int(start) + Int(nameCount) }
  @inlinable public var value: Range<Int> {
    Int(start) + Int(valueOffset)..<Int(start) + Int(valueOffset) + Int(valueCount)
  }
  @inlinable public var line: Range<Int> { Int(start)..<Int(start) + Int(lineCount) }
}
