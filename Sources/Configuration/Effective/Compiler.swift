// Compiles checked statements into the effective config. Three steps: names, things that stand at
// top level, routes.

struct Compiler {
  /// A statement of the top level with the grants of its file.
  struct Top {
    let statement: CheckedStatement
    let grants: [IncludeGrant]
  }

  var checker: StatementChecker
  var names = NameTable()
  let tops: [Top]
  /// Whether every statement of `defaults` could be read; else nothing is said to be missing in
  /// routes.
  let areDefaultsWhole: Bool
  /// Buckets by name, since every route may name some.
  let buckets: [String: BucketSettings]
  /// Of all `enforce` blocks.
  var rules: [EnforceRule] = []
  /// Exceptions that are in use.
  var exceptions: [PolicyException] = []
  var plainServers: [PlainServer] = []

  init(_ files: [ConfigFile], checker: StatementChecker) {
    var checker = checker
    var tops: [Top] = []
    for file in files {
      let statements = file.statements.filter { $0.name != "include" }
      for statement in checker.check(statements, in: .top) {
        tops.append(Top(statement: statement, grants: file.grants))
      }
    }
    checker.refuseRepetitions(tops.map(\.statement))
    let written = files.flatMap(\.statements).filter { $0.name == "defaults" }.count
    let read = tops.filter { $0.statement.directive == "defaults" }
    areDefaultsWhole = read.count == written && read.allSatisfy(\.statement.isBlockWhole)
    self.checker = checker
    self.tops = tops
    buckets = Dictionary(
      tops.map(\.statement).all(LimitDirectives.bucket).map { ($0.0.name, $0.0) },
      uniquingKeysWith: { first, _ in first })
  }

  var statements: [CheckedStatement] { tops.map(\.statement) }

  mutating func report(
    _ code: DiagnosticCode, _ message: String, at location: SourceLocation, hint: String? = nil,
    notes: [Diagnostic.Note] = [], help: String? = nil
  ) {
    checker.report(code, message, at: location, hint: hint, notes: notes, help: help)
  }

  /// The config; when there are errors, it must not be used.
  mutating func compile(files: [String], root: String) -> EffectiveConfiguration {
    for statement in statements { define(statement) }
    for statement in statements { checkReferences(of: statement) }
    checkRoles(statements)
    checkCosts(statements)
    let upstreams = statements.all(CoreDirectives.upstream).map { upstream($0.1) }
    let certificates = statements.all(CoreDirectives.certificate).map(\.0)
    rules = enforceRules()
    let defaults = foldedDefaults()
    let tree = routeTree()
    let listeners = self.listeners(defaults, tree, certificates)
    reportPlainServers(listeners)
    refuseOpenCredentials(listeners)
    refuseUnaskedCertificates(listeners)
    checkKeys(of: upstreams, on: listeners.flatMap(\.routes))
    checkUpgrades(to: upstreams, on: listeners.flatMap(\.routes))
    // What is missing for another reason must not look as if someone had weakened it.
    let isWhole = !checker.diagnostics.hasErrors
    if isWhole {
      checkEnforcement(listeners)
      checkFallbacks(behind: upstreams, on: listeners.flatMap(\.routes))
    }
    checkAssertions(on: isWhole ? subjects(listeners, upstreams) : nil)
    if listeners.isEmpty, !statements.contains(where: { $0.directive == "listener" }),
      checker.diagnostics.all.isEmpty
    {
      let place =
        statements.first?.location ?? SourceLocation(file: root, line: 1, column: 1, length: 1)
      report(.missingValue, "the config has no listener, so it would serve nothing", at: place)
    }
    return EffectiveConfiguration(
      workers: statements.first(CoreDirectives.workers)?.count ?? .auto,
      user: statements.first(CoreDirectives.user)?.name,
      grace: statements.first(CoreDirectives.grace) ?? GraceSettings(),
      resolver: statements.first(CoreDirectives.resolver) ?? ResolverSettings(),
      stateFolder: statements.first(CoreDirectives.state)?.folder,
      clientAddress: statements.first(CoreDirectives.clientIP) ?? ClientAddressSettings(),
      accessLog: accessLog(), admin: admin(), certificates: certificates,
      identities: identities(), roles: statements.all(CoreDirectives.role).map(\.0),
      stores: statements.all(LimitDirectives.redis).map(\.0),
      buckets: statements.all(LimitDirectives.bucket).map(\.0), upstreams: upstreams,
      listeners: listeners, exceptions: exceptions, files: files.sorted(), statements: statements)
  }

  private func accessLog() -> AccessLogSettings? {
    guard let (settings, statement) = statements.all(CoreDirectives.accessLog).first else {
      return AccessLogSettings()
    }
    return statement.form == .off ? nil : settings
  }

  private mutating func admin() -> AdminConfiguration? {
    guard let statement = statements.first(where: { $0.directive == "admin" }) else { return nil }
    let binds = statement.block.all(CoreDirectives.adminBind).map(\.0.address)
    if binds.isEmpty, statement.isBlockWhole {
      report(.missingValue, "'admin' lacks its 'bind'", at: statement.location)
    }
    return AdminConfiguration(binds: binds)
  }

  // MARK: Names

  private mutating func define(_ statement: CheckedStatement) {
    // Routes are named within their group, and are entered with the tree.
    if let kind = statement.shape.defines, kind != .route {
      let place = statement.nameLocation
      if let first = names.insert(statement.name, kind, at: place) {
        report(
          .duplicateName, "\(kind) '\(statement.name)' is defined twice", at: place,
          notes: [.init("the first one", at: first)])
      }
    }
    for inner in statement.block { define(inner) }
  }

  private mutating func checkReferences(of statement: CheckedStatement) {
    for value in statement.values.map(\.value) {
      for item in value.items ?? [value] { checkReferences(of: item) }
    }
    for inner in statement.block { checkReferences(of: inner) }
  }

  mutating func checkReferences(of value: ParsedValue) {
    for case .reference(let kind, let name) in value.mentions where !names.has(name, kind) {
      guard !checker.refusedNames.contains(name) else { continue }
      let known = names.names(kind)
      let meant = Suggestion.nearest(to: name, among: known)
      let hint =
        meant.map { "did you mean '\($0)'?" } ?? (known.isEmpty ? "there is none at all" : nil)
      report(.unknownReference, "there is no \(kind) '\(name)'", at: value.location, hint: hint)
    }
  }

  // MARK: Defaults

  /// The fold of all `defaults` blocks, which are one scope.
  private mutating func foldedDefaults() -> FoldedScope {
    let blocks = statements.filter { $0.directive == "defaults" }.map(\.block)
    refuseRepetitions(among: blocks, of: "defaults")
    warnOfOpen(Array(blocks.joined()), "every route that does not say otherwise")
    return fold(FoldedScope(), Array(blocks.joined()), of: "defaults")
  }

  /// Open by decision, but for more than the eye sees at that place.
  mutating func warnOfOpen(_ statements: [CheckedStatement], _ what: String) {
    for (auth, statement) in statements.all(CoreDirectives.auth) where auth.rule == .everyone {
      report(.openGroup, "'auth none' here opens \(what)", at: statement.location)
    }
  }

  /// The same property in two blocks is an error, so that file order never matters.
  mutating func refuseRepetitions(among blocks: [[CheckedStatement]], of directive: String) {
    var first: [String: (block: Int, place: SourceLocation)] = [:]
    for (index, block) in blocks.enumerated() {
      for statement in block {
        for (key, place) in keys(of: statement) {
          guard let before = first[key] else {
            first[key] = (index, place)
            continue
          }
          guard before.block != index else { continue }
          report(
            .duplicateProperty, "'\(key)' is stated in two '\(directive)' blocks", at: place,
            notes: [.init("first stated here", at: before.place)],
            help: "all '\(directive)' blocks are one scope")
        }
      }
    }
  }

  /// What a statement says that only one block may say. A record that is switched off or reset says
  /// something of each of its properties.
  private func keys(of statement: CheckedStatement) -> [(String, SourceLocation)] {
    let directive = statement.directive
    guard case .record = statement.shape.inheritance else {
      return checker.repetitionKey(statement).map { [($0, statement.location)] } ?? []
    }
    guard statement.form == .settings else {
      return statement.shape.properties.map { ("\(directive) \($0.name)", statement.location) }
    }
    return statement.values.map { ("\(directive) \($0.name)", $0.provenance) }
  }

  mutating func fold(
    _ outer: FoldedScope, _ statements: [CheckedStatement], of owner: String
  ) -> FoldedScope {
    var inner = outer
    inner.apply(statements, of: owner, to: &checker.diagnostics)
    checkLimitCount(of: inner, changedBy: statements)
    checkWhole(inner, changedBy: statements)
    return inner
  }

  /// What declarations say of settings as a whole, after inheritance.
  private mutating func checkWhole(
    _ folded: FoldedScope, changedBy statements: [CheckedStatement]
  ) {
    for statement in statements {
      let settings: any Sendable
      if let record = folded.records[statement.directive] {
        guard record.isOn else { continue }
        settings = record.declaration.settings(applying: record.ordered)
      } else {
        guard statement.form == .settings else { continue }
        settings = statement.declaration.settings(applying: statement.values)
      }
      for problem in statement.declaration.problems(in: settings) {
        let inherited = folded.records[statement.directive]?.values[problem.property]?.provenance
        let own = statement.location(of: problem.property)
        let place = own == statement.location ? inherited ?? own : own
        report(problem.code, problem.message, at: place, help: problem.help)
      }
    }
  }
}
