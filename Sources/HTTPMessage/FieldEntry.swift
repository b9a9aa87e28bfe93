// One field line as offsets. No text is copied while a message passes through.

/// A field line: where its name and value stand, and which known field it is. 16 bytes.
@usableFromInline package struct FieldEntry: BitwiseCopyable, Sendable {
  /// Offset of the first byte of the name, which is the first byte of the line.
  @usableFromInline package var start: UInt32
  /// Bytes of the whole line with its CR LF, so that unchanged neighbours are copied in one run.
  @usableFromInline package var lineCount: UInt16
  @usableFromInline package var nameCount: UInt16
  /// Offset of the value from `start`, without leading blanks.
  @usableFromInline package var valueOffset: UInt16
  /// Bytes of the value, without trailing blanks.
  @usableFromInline package var valueCount: UInt16
  @usableFromInline package var field: KnownField
  @usableFromInline package var isAdded: Bool
  @usableFromInline package var isRemoved = false

  @inlinable package init(
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

  @inlinable package var name: Range<Int> { Int(start)..<Int(start) + Int(nameCount) }
  @inlinable package var value: Range<Int> {
    Int(start) + Int(valueOffset)..<Int(start) + Int(valueOffset) + Int(valueCount)
  }
  @inlinable package var line: Range<Int> { Int(start)..<Int(start) + Int(lineCount) }
}
