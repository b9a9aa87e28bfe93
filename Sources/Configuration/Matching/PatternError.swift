// Why a host, path, method or field pattern was refused: one sentence, and the byte where it goes
// wrong.

/// A pattern that cannot be read. Whoever knows the file adds line and column.
package struct PatternError: Error, Sendable, Hashable {
  /// What is wrong and what to write instead, without a full stop.
  package let message: String
  /// Offset in the pattern's UTF-8 bytes; its length when something is missing at the end.
  package let offset: Int

  package init(_ message: String, at offset: Int) {
    self.message = message
    self.offset = offset
  }
}
