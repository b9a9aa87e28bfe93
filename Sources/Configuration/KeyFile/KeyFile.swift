// keys.conf: one `key` statement per API key, in the grammar of the config and read by the same
// schema, so that its errors have lines, columns and suggestions.

/// What a keys.conf holds, or what is wrong with it.
package struct KeyFile: Sendable {
  /// Bytes of one file: about 300 per key.
  package static let bytesMax = 64 << 20
  /// Keys of one file. Each costs a worker about 500 bytes.
  package static let keysMax = 100_000

  package let entries: [KeyEntry]
  /// Where each entry stands, for `key revoke`.
  package let lines: [Int]
  package let diagnostics: [Diagnostic]
  package let source: SourceText

  /// Reads the text of a file. Without errors all of its keys are there.
  package init(_ bytes: [UInt8], path: String) {
    let source = SourceText(path: path, bytes: bytes)
    var checker = StatementChecker(schema: Self.schema, resolution: nil)
    checker.diagnostics.add(TextCheck.problems(in: source))
    var found: [(KeyEntry, CheckedStatement)] = []
    if String(validating: bytes, as: UTF8.self) != nil {
      let parsed = Parser.parse(source) { _ in false }
      checker.diagnostics.add(parsed.diagnostics)
      found = checker.check(parsed.statements, in: .top).all(Self.key)
    }
    Self.refuseRepetitions(found.map(\.1), &checker)
    self.source = source
    entries = found.map(\.0)
    lines = found.map(\.1.location.line)
    diagnostics = checker.diagnostics.sorted
  }

  package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// What is wrong, as text for the operator.
  package var problemText: String {
    var sources = SourceSet()
    sources.insert(source)
    return HumanRendering(sources: sources, hasColor: false).text(of: diagnostics)
  }

  private static func refuseRepetitions(
    _ statements: [CheckedStatement], _ checker: inout StatementChecker
  ) {
    var first: [String: SourceLocation] = [:]
    for statement in statements {
      guard let before = first[statement.name] else {
        first[statement.name] = statement.nameLocation
        continue
      }
      checker.report(
        .duplicateName, "key '\(statement.name)' stands twice", at: statement.nameLocation,
        notes: [.init("the first one", at: before)])
    }
    if statements.count > keysMax, let last = statements.last {
      checker.report(.tooLarge, "a file has at most \(keysMax) keys", at: last.location)
    }
  }

  private static let schema = Schema(directives: [key])

  private static let key = Manual<KeyEntry>(
    directive: "key", summary: "An API key, as `sluice key add` writes it.", scopes: [.top],
    inheritance: .none, defines: EntityKind("key"),
    arguments: [.value("id", \.id, .keyID, "The public part of the key.")],
    defaults: KeyEntry(),
    properties: [
      .value("hash", \.hash, .keyHash, "Salt and hash of the secret part.").required,
      .value("subject", \.subject, .subject, "Whom it stands for.").required,
      .list("scopes", \.scopes, of: .grant, "What it may be used for."),
      .list("roles", \.roles, of: .grant, "Roles of its subject."),
      .value("tier", \.tier, .grant, "The rate tier of its limits."),
      .value("expires", \.expires, .date, "The last good day, UTC."),
    ],
    examples: [])

  /// The statement of an entry, as a line of a file.
  package static func line(_ entry: KeyEntry) -> String {
    var text = "key \(entry.id) hash=\"\(entry.hash)\" subject=\(quoted(entry.subject))"
    if !entry.scopes.isEmpty { text += " scopes=\(list(entry.scopes))" }
    if !entry.roles.isEmpty { text += " roles=\(list(entry.roles))" }
    if let tier = entry.tier { text += " tier=\(quoted(tier))" }
    if let expires = entry.expires { text += " expires=\(expires)" }
    return text + "\n"
  }

  private static func list(_ names: [String]) -> String {
    "[" + names.map(quoted).joined(separator: " ") + "]"
  }

  /// Names hold neither quotes nor backslashes.
  private static func quoted(_ text: String) -> String { "\"\(text)\"" }
}

/// Who a credential stands for: text that can stand in a field and in a log.
package enum SubjectName {
  package static func isValid(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.count <= 256 && !text.hasPrefix(" ") && !text.hasSuffix(" ")
      && text.utf8.allSatisfy { 32...126 ~= $0 && $0 != 34 && $0 != 92 }
  }
}

extension ValueType where Wrapped == String {
  fileprivate static var keyID: ValueType {
    ValueType(
      "the id of a key: \(KeyID.count) lower-case letters and digits", calls: [],
      canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard KeyID.isValid(text) else { throw ValueProblem() }
        return text
      })
  }

  fileprivate static var subject: ValueType {
    ValueType(
      "printable ASCII of up to 256 characters", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard SubjectName.isValid(text) else { throw ValueProblem() }
        return text
      })
  }

  /// The name of a scope, a role or a tier.
  package static var grant: ValueType {
    ValueType(
      "a name without blanks", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard GrantName.isValid(text) else { throw ValueProblem() }
        return text
      })
  }
}

extension ValueType where Wrapped == KeyHash {
  fileprivate static var keyHash: ValueType {
    .described("sha256:SALT:HASH in lower-case hexadecimal", calls: []) {
      (text) throws(ValueProblem) in try KeyHash(parsing: text)
    }
  }
}
