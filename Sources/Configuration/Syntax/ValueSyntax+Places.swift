// Where a part of a written value stands, for types that have a grammar of their own.

extension ValueSyntax {
  /// The place of a run of scalars of the value's text.
  ///
  /// An escape is two columns wide. One that is wider, `\u{...}`, leaves no way to count: then it
  /// is the place of the whole value.
  func location(of run: Range<Int>) -> SourceLocation {
    switch form {
    case .word: return part(run.lowerBound, run.count)
    case .string(let text):
      let widths = text.unicodeScalars.map { Self.escaped.contains($0) ? 2 : 1 }
      guard widths.reduce(2, +) == location.length, run.upperBound <= widths.count else {
        return location
      }
      return part(
        1 + widths[..<run.lowerBound].reduce(0, +), widths[run].reduce(0, +))
    case .list, .call: return location
    }
  }

  private static let escaped: Set<Unicode.Scalar> = ["\"", "\\", "\n", "\t"]

  private func part(_ offset: Int, _ length: Int) -> SourceLocation {
    SourceLocation(
      file: location.file, line: location.line, column: location.column + offset, length: length)
  }
}
