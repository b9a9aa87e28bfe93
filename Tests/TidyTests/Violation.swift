// What a tidy rule has to say, in the form that editors turn into a link.

/// One broken rule at one line.
struct Violation: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}

extension SourceFile {
  /// Violations for the lines that `isBroken` picks; lines count from one.
  func violations(
    _ message: String, in lines: [String], where isBroken: (String) -> Bool
  ) -> [Violation] {
    lines.enumerated().filter { isBroken($0.element) }.map {
      Violation(path: path, line: $0.offset + 1, message: message)
    }
  }
}
