// The file of `servers file(...)`: `server` lines in the grammar of the config, read by the same
// declaration, so that its errors have lines, columns and suggestions.

/// What a file of servers holds, or what is wrong with it.
package struct ServersFile: Sendable {
  /// Bytes of one file: far more than its servers need.
  package static let bytesMax = 1 << 20
  /// Servers of one file. Each worker keeps connections to every one.
  package static let serversMax = 1_000

  package let servers: [ServerSettings]
  package let diagnostics: [Diagnostic]
  private let source: SourceText

  /// Reads the text of a file. Without errors all of its servers are there.
  package init(_ bytes: [UInt8], path: String) {
    let source = SourceText(path: path, bytes: bytes)
    var checker = StatementChecker(schema: Self.schema, resolution: nil)
    checker.diagnostics.add(TextCheck.problems(in: source))
    var found: [(ServerSettings, CheckedStatement)] = []
    if String(validating: bytes, as: UTF8.self) != nil {
      let parsed = Parser.parse(source) { _ in false }
      checker.diagnostics.add(parsed.diagnostics)
      found = checker.check(
        parsed.statements, in: BlockContext(scope: .upstream, name: nil)
      ).all(CoreDirectives.server)
    }
    Self.refuseRepetitions(found, &checker)
    self.source = source
    servers = found.map(\.0)
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
    _ servers: [(ServerSettings, CheckedStatement)], _ checker: inout StatementChecker
  ) {
    var first: [Endpoint: SourceLocation] = [:]
    for (server, statement) in servers {
      guard let before = first[server.endpoint] else {
        first[server.endpoint] = statement.nameLocation
        continue
      }
      checker.report(
        .duplicateName, "server '\(server.endpoint)' stands twice", at: statement.nameLocation,
        notes: [.init("the first one", at: before)])
    }
    if servers.count > serversMax, let last = servers.last?.1 {
      checker.report(
        .tooLarge, "a file has at most \(serversMax) servers", at: last.location)
    }
  }

  private static let schema = Schema(directives: [CoreDirectives.server])
}
