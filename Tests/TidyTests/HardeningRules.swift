// The table of past failures (docs/hardening.md): every record has a row, and every test that a row
// names is there.

enum HardeningRules {
  /// What the table names and no file of the tests has, written `File.ext: words of the test`.
  static func missingTests(of table: SourceFile, among tests: [SourceFile]) -> [Violation] {
    table.lines.enumerated().flatMap { index, line in
      named(in: line).filter { !isThere($0, among: tests) }.map {
        Violation(path: table.path, line: index + 1, message: "no test is '\($0)'")
      }
    }
  }

  /// The numbers of the rows that name a test.
  static func records(of table: SourceFile) -> [Int] {
    table.lines.compactMap { line in
      guard line.hasPrefix("| "), !named(in: line).isEmpty else { return nil }
      return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
  }

  /// Text between backticks that has the form of a test's name.
  private static func named(in line: String) -> [String] {
    let parts = line.split(separator: "`", omittingEmptySubsequences: false)
    return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }.filter {
      $0.contains(".swift: ") || $0.contains(".py: ")
    }
  }

  private static func isThere(_ name: String, among tests: [SourceFile]) -> Bool {
    let parts = name.split(separator: ": ", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return false }
    return tests.contains { file in
      file.path.hasSuffix("/\(parts[0])") && file.lines.contains { $0.contains(parts[1]) }
    }
  }
}
