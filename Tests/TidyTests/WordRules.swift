// Words that do not stand in the code: traps, swallowed errors, sleeps, and names that say nothing.

enum WordRules {
  /// A pattern for code, and why it does not stand there.
  static let forbidden: [(pattern: String, reason: String)] = [
    (#"\btry!"#, "`try!` traps on an error; handle it"),
    (#"\bas!"#, "`as!` traps on another type; use `as?` or a better type"),
    (#"\bfatalError\b"#, "use preconditionFailure with a sentence, for programmer errors only"),
    (#"\bThread\.sleep\b|\busleep\(|\bTask\.sleep\b"#, "nothing sleeps; wait for the event"),
    (#"\bcatch\b[^{};]*\{\s*\}"#, "an error is swallowed; handle it or let it pass"),
  ]

  static func forbiddenWords(_ file: SourceFile) -> [Violation] {
    guard file.path.hasSuffix(".swift") else { return [] }
    let code = file.code.joined(separator: "\n")
    return forbidden.flatMap { word in
      Pattern(word.pattern).lines(in: code).map {
        Violation(path: file.path, line: $0, message: word.reason)
      }
    }
  }

  // Put together, so that this file does not break its own rule.
  private static let later = Pattern(#"\bTO"# + #"DO\b"#)
  private static let broken = Pattern(#"\bFIX"# + #"ME\b"#)
  private static let reference = Pattern(#"#[0-9]+|decisions/[0-9]+"#)

  /// A note for later names a decision or an issue; one that says that something is broken never
  /// lands.
  static func notes(_ file: SourceFile) -> [Violation] {
    file.violations("a note for later names its issue or decision", in: file.comments) {
      later.isIn($0) && !reference.isIn($0)
    } + file.violations("mend it before it lands", in: file.comments, where: broken.isIn)
  }

  /// Parts of a name that would fit any type.
  static let emptyNames = [
    "Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Info", "Common",
  ]
  private static let declaration = Pattern(
    #"\b(?:struct|class|enum|actor|protocol|typealias)\s+([A-Z]\w*)"#)
  private static let namePart = Pattern("[A-Z][a-z0-9]*")

  static func names(_ file: SourceFile) -> [Violation] {
    guard file.path.hasSuffix(".swift") else { return [] }
    let ofFile = emptyPart(of: file.name).map {
      Violation(path: file.path, line: 1, message: "'\($0)' names nothing")
    }
    let ofTypes = file.code.enumerated().flatMap { index, line in
      declaration.matches(in: line).compactMap { name, _ in
        emptyPart(of: name).map {
          Violation(path: file.path, line: index + 1, message: "'\($0)' in \(name) names nothing")
        }
      }
    }
    return [ofFile].compactMap { $0 } + ofTypes
  }

  /// The first capitalised part of a name that is an empty one.
  private static func emptyPart(of name: String) -> String? {
    namePart.matches(in: name).map(\.text).first(where: emptyNames.contains)
  }
}
