// A place in a config file, as people read it: path, line, column and length of the run that is
// meant.

/// Where something stands in the config. Lines and columns count from 1; columns count Unicode
/// scalars.
package struct SourceLocation: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The path as it was given or written in an `include`.
  package let file: String
  package let line: Int
  package let column: Int
  /// Scalars that the caret line underlines; at least 1.
  package let length: Int

  package init(file: String, line: Int, column: Int, length: Int) {
    self.file = file
    self.line = line
    self.column = column
    self.length = max(1, length)
  }

  package var description: String { "\(file):\(line):\(column)" }

  package static func < (left: SourceLocation, right: SourceLocation) -> Bool {
    if left.file != right.file { return left.file.utf8.lexicographicallyPrecedes(right.file.utf8) }
    return (left.line, left.column, left.length) < (right.line, right.column, right.length)
  }
}
