// Where memory safety and the checks of concurrency may be left, and that a reason stands there.

enum SafetyRules {
  /// Targets that own raw memory, talk to the kernel or wrap a C library.
  static let unsafeTargets: Set<String> = [
    "Bytes", "Engine", "OpenSSL", "TLS", "Telemetry", "Upstreams", "RESP", "Compression", "HTTP2",
    "Signatures",
  ]

  // `nonisolated(unsafe)` has its own rule.
  // Three things are safe where they stand, and the compiler asks for the word all the same: an
  // actor naming its loop, a span that its owner keeps alive, and the declaration of such a span.
  private static let unsafeWord = Pattern(
    #"(?<!\()(?<!@)\bunsafe\b(?! (?:loop\.asUnowned|_overrideLifetime|"#
      + #"(?:received|added)\.unsafeBytes|fields\.unsafeT|block))"#
  )
  private static let uncheckedWord = Pattern(#"@unchecked\s+Sendable|nonisolated\(unsafe\)"#)

  /// `unsafe` stands only in those targets and their tests.
  static func memory(_ file: SourceFile) -> [Violation] {
    guard file.path.hasSuffix(".swift"), let target = file.target else { return [] }
    let tested = target.hasSuffix("Tests") ? String(target.dropLast("Tests".count)) : target
    guard !unsafeTargets.contains(tested) else { return [] }
    return file.violations("`unsafe` belongs to Bytes, Engine and the C wrappers", in: file.code) {
      unsafeWord.isIn($0)
    }
  }

  /// What switches the compiler's checks off stands under a comment that says why it holds.
  static func unchecked(_ file: SourceFile) -> [Violation] {
    guard file.path.hasSuffix(".swift") else { return [] }
    return file.code.indices
      .filter { uncheckedWord.isIn(file.code[$0]) && !isExplained($0, in: file) }
      .map {
        let message = "say in a comment directly above why this holds"
        return Violation(path: file.path, line: $0 + 1, message: message)
      }
  }

  /// A lock that the thread sanitizer does not know makes it report hand-overs as races.
  static func locks(_ file: SourceFile) -> [Violation] {
    guard file.path.hasSuffix(".swift"), !file.path.hasSuffix("/Locked.swift") else { return [] }
    return file.violations("a shared value stands in a `Locked`", in: file.code) {
      lockWord.isIn($0)
    }
  }

  private static let lockWord = Pattern(#"\bMutex\b|\bpthread_mutex_t\b|\bNSLock\b"#)

  /// Whether a comment stands on the line or above the declaration that the line belongs to.
  private static func isExplained(_ index: Int, in file: SourceFile) -> Bool {
    let isComment = { (line: Int) in file.comments[line].contains { $0 != " " } }
    if isComment(index) { return true }
    // A declaration may need some lines before its conformances.
    for line in (max(0, index - 4)..<index).reversed() {
      if isComment(line) { return true }
      let code = file.code[line]
      if code.contains(where: { "{};".contains($0) }) || code.allSatisfy({ $0 == " " }) {
        return false
      }
    }
    return false
  }
}
