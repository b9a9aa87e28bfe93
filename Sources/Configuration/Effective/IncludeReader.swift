// Reads the root file and all that it includes. Cycles, missing files and what an included file may
// hold are checked here; everything else about a statement is the compiler's.

/// What an `include` lets its files hold, and what their routes are narrowed to.
struct IncludeGrant: Sendable {
  /// All that may stand at the files' top level; nil: everything but the guarded directives.
  let may: Set<String>?
  let narrowing: RouteMatch
  let location: SourceLocation

  func allows(_ directive: String) -> Bool {
    may.map { $0.contains(directive) } ?? !CoreDirectives.guarded.contains(directive)
  }
}

/// One file with its statements at top level, and the grants on the way to it, from the root on.
struct ConfigFile {
  let statements: [Statement]
  let grants: [IncludeGrant]
}

struct IncludeReader<Files: FileSource> {
  /// Files of one config, and bytes of all of them. A config of 10,000 routes has about 2 MiB.
  static var filesMax: Int { 1000 }
  static var bytesMax: Int { 64 << 20 }

  let files: Files
  var checker: StatementChecker
  private(set) var sources = SourceSet()
  private(set) var found: [ConfigFile] = []
  private var bytes = 0

  init(files: Files, checker: StatementChecker) {
    self.files = files
    self.checker = checker
  }

  /// Reads the root and, in their order, the files it includes.
  mutating func read(root path: String) {
    let place = SourceLocation(file: path, line: 1, column: 1, length: 1)
    guard let bytes = bytes(of: path, at: place, code: .unreadableFile) else { return }
    take(SourceText(path: path, bytes: bytes), grants: [], chain: [path])
  }

  private mutating func bytes(
    of path: String, at place: SourceLocation, code: DiagnosticCode
  ) -> [UInt8]? {
    do {
      let read = try files.read(path)
      bytes += read.count
      if bytes <= Self.bytesMax { return read }
      checker.report(.tooLarge, "the files have over \(Self.bytesMax >> 20)MiB", at: place)
    } catch {
      checker.report(code, "'\(path)' cannot be read: \(error.message)", at: place)
    }
    return nil
  }

  private mutating func take(_ source: SourceText, grants: [IncludeGrant], chain: [String]) {
    sources.insert(source)
    let problems = TextCheck.problems(in: source)
    checker.diagnostics.add(problems)
    // Bytes that are not UTF-8 have no lines to point at.
    guard String(validating: source.bytes, as: UTF8.self) != nil else { return }
    let schema = checker.schema
    let parsed = Parser.parse(source) { schema.isContainer($0) }
    checker.diagnostics.add(parsed.diagnostics)
    let isRoot = chain.count == 1
    checkVersion(parsed.statements, of: source, isRoot: isRoot)
    let statements = parsed.statements.filter { isAllowed($0, grants) }
    found.append(ConfigFile(statements: statements, grants: grants))
    for statement in statements where statement.name == "include" {
      follow(statement, grants: grants, chain: chain)
    }
  }

  /// Only the root says `sluice 1`, and says it first.
  private mutating func checkVersion(
    _ statements: [Statement], of source: SourceText, isRoot: Bool
  ) {
    guard isRoot else {
      for statement in statements where statement.name == "sluice" {
        checker.report(
          .badVersion, "only the root file says 'sluice'", at: statement.location)
      }
      return
    }
    guard statements.first?.name != "sluice" else { return }
    let place =
      statements.first?.location
      ?? SourceLocation(file: source.path, line: 1, column: 1, length: 1)
    checker.report(
      .badVersion, "the root file starts with the version of its language", at: place,
      hint: "write 'sluice 1' before it")
  }

  private mutating func isAllowed(_ statement: Statement, _ grants: [IncludeGrant]) -> Bool {
    if !grants.isEmpty, statement.name == "sluice" { return false }
    guard let grant = grants.first(where: { !$0.allows(statement.name) }) else { return true }
    let isKnown = checker.schema.declaration(named: statement.name, in: .top) != nil
    // An unknown directive is reported as such, by the compiler.
    guard isKnown || LaterVersion.directives.contains(statement.name) else { return true }
    checker.report(
      .includeDenied, "'\(statement.name)' may not stand in this included file",
      at: statement.location,
      notes: [.init("the include that would have to allow it", at: grant.location)],
      help: "add it to the include's may=[...]")
    return false
  }

  // MARK: Includes

  private mutating func follow(_ statement: Statement, grants: [IncludeGrant], chain: [String]) {
    guard let checked = checker.check(statement, in: .top),
      let settings = checked.settings(CoreDirectives.include)
    else { return }
    let place = checked.location(of: "path")
    checkNames(settings, of: checked)
    let isLimited = checked.changes.contains { $0.property.name == "may" }
    let grant = IncludeGrant(
      may: isLimited ? Set(settings.may) : nil,
      narrowing: RouteMatch(hosts: settings.hosts, paths: settings.paths),
      location: statement.location)
    let pattern = FilePath.join(FilePath.folder(of: statement.location.file), settings.path)
    let paths =
      FilePath.isGlob(pattern)
      ? FilePath.expand(pattern, in: files) : [pattern]
    for path in paths { include(path, at: place, grants: grants + [grant], chain: chain) }
  }

  private mutating func checkNames(_ settings: IncludeSettings, of statement: CheckedStatement) {
    guard let may = statement.changes.first(where: { $0.property.name == "may" }) else { return }
    let known = checker.schema.names(in: .top)
    for item in may.property.value.items ?? [] {
      guard case .string(let name) = item.canonical, !known.contains(name),
        !LaterVersion.directives.contains(name)
      else { continue }
      let meant = Suggestion.nearest(to: name, among: known)
      checker.report(
        .wrongType, "'\(name)' is no directive of the top level", at: item.location,
        hint: meant.map { "did you mean '\($0)'?" })
    }
  }

  private mutating func include(
    _ path: String, at place: SourceLocation, grants: [IncludeGrant], chain: [String]
  ) {
    if chain.contains(path) {
      let cycle = (chain.drop { $0 != path } + [path]).joined(separator: " -> ")
      return checker.report(.badInclude, "this include closes a cycle: \(cycle)", at: place)
    }
    if let before = sources[path] {
      let notes = before.includedFrom.map { [Diagnostic.Note("included here", at: $0)] } ?? []
      return checker.report(.badInclude, "'\(path)' is included twice", at: place, notes: notes)
    }
    guard sources.count < Self.filesMax else {
      return checker.report(.tooLarge, "a config has at most \(Self.filesMax) files", at: place)
    }
    guard chain.count < Parser.depthMax else {
      return checker.report(
        .tooLarge, "includes nest at most \(Parser.depthMax) deep", at: place)
    }
    guard let bytes = bytes(of: path, at: place, code: .badInclude) else { return }
    take(
      SourceText(path: path, bytes: bytes, includedFrom: place), grants: grants,
      chain: chain + [path])
  }
}
