// Writing the lines of a section as HTTP/1 sends them: received lines in runs as long as possible,
// so that an unchanged head costs one copy. RFC 9112 section 5.

import Bytes

extension FieldSection {
  /// Appends all lines that are not removed and whose field is not in `excluded`, each with its CR
  /// LF.
  ///
  /// Received lines were checked when they were parsed. Added ones are checked here once more: a
  /// line break in one would be another field, or another message, to whoever reads it. Returns
  /// false, with `output` half written, when an added line is not safe to send.
  public func appendLines(to output: inout Output, excluding excluded: KnownFieldSet) -> Bool {
    var run = 0..<0
    var isRunAdded = false
    let list = list
    let entries = list.span
    for index in entries.indices {
      let entry = entries[index]
      if entry.isRemoved || excluded.contains(entry.field) { continue }
      if entry.isAdded, !entry.isChecked, !isSafe(entry) { return false }
      let line = entry.line
      if line.lowerBound == run.upperBound, entry.isAdded == isRunAdded {
        run = run.lowerBound..<line.upperBound
        continue
      }
      if !run.isEmpty { output.append(text(run, isAdded: isRunAdded)) }
      run = line
      isRunAdded = entry.isAdded
    }
    if !run.isEmpty { output.append(text(run, isAdded: isRunAdded)) }
    return true
  }

  /// Whether an added line is one line: there is no control character before the CR LF at its end.
  private func isSafe(_ entry: FieldEntry) -> Bool {
    Self.isLine(text(entry.line, isAdded: true))
  }

  /// Whether the text is one line with its CR LF, and has no other control character.
  static func isLine(_ line: Span<UInt8>) -> Bool {
    let end = line.count &- 2
    return end >= 0 && line[end] == ASCII.carriageReturn && line[end &+ 1] == ASCII.lineFeed
      && !line.extracting(0..<end).hasControl
  }
}
