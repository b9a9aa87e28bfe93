// One field line as offsets. No text is copied while a message passes through.

/// A field line: where its name and value stand, and which known field it is. 16 bytes.
package struct FieldEntry: Sendable {
  /// Offset of the first byte of the name, which is the first byte of the line.
  package var start: UInt32
  /// Bytes of the whole line with its CR LF, so that unchanged neighbours are copied in one run.
  package var lineCount: UInt16
  package var nameCount: UInt16
  /// Offset of the value from `start`, without leading blanks.
  package var valueOffset: UInt16
  /// Bytes of the value, without trailing blanks.
  package var valueCount: UInt16
  package var field: KnownField
  package var isAdded: Bool
  package var isRemoved = false

  package init(
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

  package var name: Range<Int> { Int(start)..<Int(start) + Int(nameCount) }
  package var value: Range<Int> {
    Int(start) + Int(valueOffset)..<Int(start) + Int(valueOffset) + Int(valueCount)
  }
  package var line: Range<Int> { Int(start)..<Int(start) + Int(lineCount) }
}
