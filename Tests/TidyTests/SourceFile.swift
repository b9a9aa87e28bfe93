// One file as the tidy rules see it: its lines, and for Swift the same lines split into code and
// comments.

/// A text file of the project, with its path below the root.
struct SourceFile: Sendable {
  let path: String
  let lines: [String]
  /// The lines with comments and the text of strings blanked.
  let code: [String]
  /// The lines with all but comments blanked.
  let comments: [String]

  init(path: String, text: String) {
    self.path = path
    lines = Self.split(text)
    guard path.hasSuffix(".swift") else {
      (code, comments) = (lines, lines)
      return
    }
    var scanner = SwiftScanner(text)
    scanner.scan()
    code = Self.split(String(decoding: scanner.code, as: UTF8.self))
    comments = Self.split(String(decoding: scanner.comments, as: UTF8.self))
  }

  private static func split(_ text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// The target that the file belongs to: the folder below Sources or Tests.
  var target: String? {
    let parts = path.split(separator: "/")
    guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
    return String(parts[1])
  }

  /// The file's own name, without folders and ending.
  var name: String {
    let last = path.split(separator: "/").last ?? ""
    return String(last.split(separator: ".", omittingEmptySubsequences: true).first ?? "")
  }
}
