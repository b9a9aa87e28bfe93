// How large a file, a function and a line may be, and that each file says what it is.

enum SizeRules {
  static let fileLinesMax = 400
  static let functionLinesMax = 60
  static let lineColumnsMax = 100
  static let headerLinesMax = 8

  static func fileLength(_ file: SourceFile) -> [Violation] {
    guard file.lines.count > fileLinesMax else { return [] }
    let message = "the file has \(file.lines.count) lines; split it by idea below \(fileLinesMax)"
    return [Violation(path: file.path, line: fileLinesMax + 1, message: message)]
  }

  static func functionLength(_ file: SourceFile) -> [Violation] {
    guard file.path.hasSuffix(".swift") else { return [] }
    return FunctionScanner(file.code).functions()
      .filter { $0.lineCount > functionLinesMax }
      .map {
        let message = "the function has \($0.lineCount) lines; \(functionLinesMax) is the limit"
        return Violation(path: file.path, line: $0.line, message: message)
      }
  }

  static func lineWidth(_ file: SourceFile) -> [Violation] {
    file.violations("the line is wider than \(lineColumnsMax) columns", in: file.lines) {
      $0.count > lineColumnsMax
    }
  }

  /// A file opens with a comment of one to `headerLinesMax` lines; a first line `#!` or the tools
  /// version of a manifest may stand before it.
  static func header(_ file: SourceFile) -> [Violation] {
    let marks = file.path.hasSuffix(".py") ? ["\"\"\"", "#"] : ["//", "/*", "#", " *"]
    let skipped = file.lines.prefix { $0.hasPrefix("#!") || $0.hasPrefix("// swift-tools-version") }
    let rest = file.lines.dropFirst(skipped.count)
    guard let first = rest.first, marks.contains(where: first.hasPrefix) else {
      let message = "the file does not open with a comment that says what it is"
      return [Violation(path: file.path, line: skipped.count + 1, message: message)]
    }
    guard file.path.hasSuffix(".swift") else { return [] }
    let count = rest.prefix { $0.hasPrefix("//") }.count
    guard count > headerLinesMax else { return [] }
    let message = "the opening comment has \(count) lines; say it in \(headerLinesMax)"
    return [Violation(path: file.path, line: skipped.count + 1, message: message)]
  }
}
