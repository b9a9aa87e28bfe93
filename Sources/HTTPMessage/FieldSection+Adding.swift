// Lines that Sluice adds to a message: written once, in place, behind those that were added before.

import Bytes

extension FieldSection {
  /// Adds a line `name: value`. Returns false, and adds nothing, when the section is full.
  ///
  /// The caller vouches that `name` is a field name and `value` a field value: text that comes
  /// from a message is checked by `FieldSyntax` first.
  public func add(_ field: KnownField, name: Span<UInt8>, value: Span<UInt8>) -> Bool {
    let start = added.end
    guard hasRoom, added.write({ Self.append(name, value, to: &$0) }) else { return false }
    return list(field, start: start, nameCount: name.count) != nil
  }

  /// Adds a line whose value `write` appends. Returns where the value stands; nil, and nothing is
  /// added, when the section is full.
  ///
  /// The caller vouches for name and value as in `add(_:name:value:)`.
  @inlinable @inline(__always)
  public func add(
    _ field: KnownField, name: Span<UInt8>, write: (inout Output) -> Void
  ) -> TextRange? {
    guard hasRoom else { return nil }
    let start = added.end
    let isWhole = added.write { line in
      line.append(name)
      line.append(": ")
      write(&line)
      line.append("\r\n")
    }
    return isWhole ? list(field, start: start, nameCount: name.count) : nil
  }

  @inlinable var hasRoom: Bool { list.count < Self.entriesMax }

  private static func append(
    _ name: Span<UInt8>, _ value: Span<UInt8>, to line: inout Output
  ) {
    line.append(name)
    line.append(": ")
    line.append(value)
    line.append("\r\n")
  }

  /// Lists the line that was written from `start` on, and returns where its value stands. Nil, and
  /// the line is forgotten, when it is longer than an entry can tell.
  @usableFromInline func list(_ field: KnownField, start: Int, nameCount: Int) -> TextRange? {
    let lineCount = added.end &- start
    guard lineCount <= UInt16.max else {
      added.truncate(to: start)
      return nil
    }
    let isListed = list.append(
      FieldEntry(
        start: start, nameCount: nameCount, valueOffset: nameCount &+ 2,
        valueCount: lineCount &- nameCount &- 4, lineCount: lineCount, field: field, isAdded: true))
    precondition(isListed, "The room for the entry was checked.")
    known { $0.insert(field) }
    return TextRange(
      start: start &+ nameCount &+ 2, count: lineCount &- nameCount &- 4, isAdded: true)
  }
}
