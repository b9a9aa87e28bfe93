// Reads statements by the schema: is the directive known here, are its arguments and properties,
// does each value fit.

/// A block and how messages name it.
struct BlockContext {
  let scope: Scope
  let name: String?

  static let top = BlockContext(scope: .top, name: nil)

  /// `in route "create"`, `in 'defaults'`, `at top level`.
  var phrase: String {
    guard let name else { return scope.phrase }
    return "in \(scope.rawValue) \"\(name)\""
  }
}

/// Turns statements into checked ones and collects what is wrong with them.
struct StatementChecker {
  let schema: Schema
  var reader: ValueReader
  var diagnostics = DiagnosticList()
  /// Names in statements that were refused: a reference to one is not reported a second time.
  var refusedNames: Set<String> = []
  /// Where a secret stands as text: no excerpt may show it.
  private(set) var confidential: [SourceLocation] = []

  init(schema: Schema, resolution: (any ResolutionSource)?) {
    self.schema = schema
    reader = ValueReader(resolution: resolution)
  }

  mutating func check(_ statements: [Statement], in context: BlockContext) -> [CheckedStatement] {
    var checked: [CheckedStatement] = []
    for statement in statements {
      guard let one = check(statement, in: context) else { continue }
      checked.append(one)
    }
    return checked
  }

  mutating func check(_ statement: Statement, in context: BlockContext) -> CheckedStatement? {
    let meanings = schema.declarations(named: statement.name, in: context.scope)
    guard !meanings.isEmpty else {
      refuseDirective(statement, in: context)
      return nil
    }
    guard let declaration = declaration(of: statement, among: meanings) else { return nil }
    let shape = declaration.shape
    if shape.takesTerms { return terms(of: statement, declaration) }
    let before = diagnostics.all.count
    let form = self.form(of: statement, shape)
    let arguments = self.arguments(of: statement, declaration, form)
    let changes = properties(of: statement, declaration, form, in: context.scope)
    let isLater = diagnostics.all[before...].contains { $0.code == .notInThisVersion }
    // What an `enforce` leaves out it does not bound.
    if form == .settings, !isLater, statement.isWhole, context.scope != .enforce {
      requireAll(of: statement, shape, arguments, changes)
    }
    let hasErrors =
      !statement.isWhole || diagnostics.all[before...].contains { $0.severity == .error }
    let block = self.block(of: statement, shape, in: context)
    let isBlockWhole = statement.block?.allSatisfy(\.isWhole) ?? true
    let checked = CheckedStatement(
      declaration: declaration, form: form, arguments: arguments.compactMap { $0 },
      changes: changes.compactMap { $0 }, block: block,
      isBlockWhole: isBlockWhole && block.count == statement.block?.count ?? 0,
      isLineWhole: !hasErrors, location: statement.location)
    if hasErrors { refusedNames.formUnion(statement.firstText.map { [$0] } ?? []) }
    // A statement whose own line is wrong is left out, and its block has been checked all the same.
    let isMissing = arguments.count < shape.arguments.filter(\.isRequired).count
    let isIncomplete = isMissing && form == .settings && context.scope != .enforce
    let isWhole = !arguments.contains { $0 == nil } && !isLater && !isIncomplete
    if !shape.isContainer, !hasErrors, shape.inheritance == .none { checkWhole(checked) }
    return isWhole ? checked : nil
  }

  /// What the declaration says of the settings as a whole, where inheritance adds nothing to them.
  private mutating func checkWhole(_ statement: CheckedStatement) {
    let settings = statement.declaration.settings(applying: statement.values)
    for problem in statement.declaration.problems(in: settings) {
      diagnostics.add(
        Diagnostic(
          problem.code, problem.message, at: statement.location(of: problem.property),
          help: problem.help))
    }
  }

  mutating func report(
    _ code: DiagnosticCode, _ message: String, at location: SourceLocation, hint: String? = nil,
    notes: [Diagnostic.Note] = [], help: String? = nil
  ) {
    diagnostics.add(
      Diagnostic(code, message, at: location, hint: hint, notes: notes, help: help))
  }

  // MARK: The directive

  private mutating func refuseDirective(_ statement: Statement, in context: BlockContext) {
    let name = statement.name
    refusedNames.formUnion(statement.firstText.map { [$0] } ?? [])
    let elsewhere = schema.declarations(named: name).flatMap(\.shape.scopes)
    if !elsewhere.isEmpty {
      let places = Set(elsewhere).sorted { $0.order < $1.order }.map(\.phrase).listed
      report(
        .wrongScope, "'\(name)' cannot stand \(context.phrase)", at: statement.location,
        hint: "it stands \(places)", help: "sluice explain \(name)")
    } else if LaterVersion.directives.contains(name) {
      report(
        .notInThisVersion, "'\(name)' is not in this version", at: statement.location)
    } else {
      let meant =
        Suggestion.nearest(to: name, among: schema.names(in: context.scope))
        ?? Suggestion.nearest(to: name, among: LaterVersion.directives.sorted())
      report(
        .unknownDirective, "unknown directive '\(name)' \(context.phrase)",
        at: statement.location, hint: meant.map { "did you mean '\($0)'?" },
        help: meant.map { "sluice explain \($0)" })
    }
  }

  private mutating func form(
    of statement: Statement, _ shape: DirectiveShape
  ) -> CheckedStatement.Form {
    guard shape.inheritance.hasOff, case .word(let first)? = statement.arguments.first?.form else {
      return .settings
    }
    switch (first, shape.inheritance) {
    case ("off", _): return .off
    case ("reset", .record): return .reset
    default: return .settings
    }
  }

  // MARK: Arguments

  private mutating func arguments(
    of statement: Statement, _ declaration: any DirectiveDeclaration, _ form: CheckedStatement.Form
  ) -> [SettledProperty?] {
    let shape = declaration.shape
    var written = statement.arguments[...]
    if form != .settings { written = written.dropFirst() }
    var slots = shape.arguments.count
    if form == .off {
      if case .keyedSet(let keys) = shape.inheritance { slots = keys } else { slots = 0 }
    }
    for excess in written.dropFirst(slots) {
      let meant = Suggestion.nearest(
        to: excess.text ?? "", among: shape.properties.map(\.label))
      report(
        .excessArgument, "'\(shape.directive)' does not take \(excess.quoted) here",
        at: excess.location, hint: meant.map { "did you mean '\($0)='?" },
        help: "sluice explain \(shape.directive)")
    }
    return written.prefix(slots).enumerated().map { index, value in
      read(
        value, for: .argument(index), name: shape.arguments[index].name,
        subject: shape.directive, declaration)
    }
  }

  private mutating func read(
    _ value: ValueSyntax, for slot: PropertySlot, name: String, subject: String,
    _ declaration: any DirectiveDeclaration
  ) -> SettledProperty? {
    let parsed = declaration.read(value, for: slot, with: &reader)
    for refusal in reader.takeRefusals() {
      if refusal.isConfidential { confidential.append(refusal.location) }
      report(
        refusal.code, "'\(subject)' \(refusal.clause)", at: refusal.location, hint: refusal.hint,
        help: "sluice explain \(declaration.shape.directive)")
    }
    return parsed.map { SettledProperty(slot: slot, name: name, value: $0) }
  }

  // MARK: Properties

  private mutating func properties(
    of statement: Statement, _ declaration: any DirectiveDeclaration,
    _ form: CheckedStatement.Form, in scope: Scope
  ) -> [PropertyChange?] {
    let shape = declaration.shape
    var seen: [String: SourceLocation] = [:]
    return statement.properties.map { written in
      guard form != .off else {
        report(
          .excessArgument, "'\(shape.directive) off' takes no properties", at: written.location)
        return nil
      }
      guard let slot = shape.slot(named: written.name) else {
        refuseProperty(written, of: shape)
        return nil
      }
      if let first = seen.updateValue(written.location, forKey: written.name) {
        report(
          .duplicateProperty, "'\(written.name)' stands twice in one statement",
          at: written.location, notes: [.init("first stated here", at: first)])
      }
      guard isOperatorRight(written, shape[slot], of: shape, in: scope) else { return nil }
      let value = read(
        written.value, for: slot, name: written.name, subject: written.name, declaration)
      return value.map { PropertyChange(operation: written.operation, property: $0) }
    }
  }

  private mutating func refuseProperty(_ written: PropertySyntax, of shape: DirectiveShape) {
    if shape.isLater(written.name) {
      return report(
        .notInThisVersion, "'\(written.name)' of '\(shape.directive)' is not in this version",
        at: written.location)
    }
    let meant = Suggestion.nearest(to: written.name, among: shape.properties.map(\.label))
    let takes = shape.properties.map(\.label)
    let hint =
      meant.map { "did you mean '\($0)'?" }
      ?? (takes.isEmpty ? "it takes no properties" : "it takes \(takes.listed)")
    report(
      .unknownProperty, "'\(shape.directive)' has no property '\(written.name)'",
      at: written.location, hint: hint, help: "sluice explain \(shape.directive)")
  }

  private mutating func isOperatorRight(
    _ written: PropertySyntax, _ property: PropertyShape, of shape: DirectiveShape,
    in scope: Scope
  ) -> Bool {
    switch written.operation {
    case .set: return true
    case .atLeast where scope == .enforce && shape.isRecord && property.isOrdered,
      .atMost where scope == .enforce && shape.isRecord && property.isOrdered:
      return true
    case .add where scope == .enforce, .remove where scope == .enforce:
      report(
        .wrongOperator, "'\(written.operation.rawValue)' is no demand", at: written.location,
        hint: "write >=, <= or =")
    case .add, .remove:
      if property.arity == .list, case .record = shape.inheritance { return true }
      report(
        .wrongOperator, "'\(written.operation.rawValue)' needs an inherited list",
        at: written.location, hint: "write \(written.name)=")
    case .atLeast, .atMost:
      report(
        .wrongOperator,
        "'\(written.operation.rawValue)' is a bound, which no \(shape.directive)"
          + " statement takes here", at: written.location, hint: "write \(written.name)=")
    }
    return false
  }

  private mutating func requireAll(
    of statement: Statement, _ shape: DirectiveShape, _ arguments: [SettledProperty?],
    _ changes: [PropertyChange?]
  ) {
    for missing in shape.arguments.dropFirst(arguments.count) where missing.isRequired {
      report(
        .missingValue, "'\(shape.directive)' lacks its \(missing.name): \(missing.noun)",
        at: statement.location, help: "sluice explain \(shape.directive)")
    }
    let said = Set(statement.properties.map(\.name))
    for missing in shape.properties where missing.isRequired && !said.contains(missing.name) {
      report(
        .missingValue, "'\(shape.directive)' lacks '\(missing.name)=': \(missing.noun)",
        at: statement.location, help: "sluice explain \(shape.directive)")
    }
  }

  // MARK: Terms

  /// The terms of an assert's statement in the order in which they are written; the compiler reads
  /// them, since they speak of what other directives say.
  private func terms(
    of statement: Statement, _ declaration: any DirectiveDeclaration
  ) -> CheckedStatement {
    let terms =
      statement.arguments.map(AssertionTermSyntax.word)
      + statement.properties.map(AssertionTermSyntax.property)
    return CheckedStatement(
      declaration: declaration, form: .settings, arguments: [], changes: [], block: [],
      isBlockWhole: statement.block == nil, isLineWhole: statement.isWhole,
      location: statement.location, terms: terms.sorted { $0.location < $1.location })
  }

  // MARK: The block

  private mutating func block(
    of statement: Statement, _ shape: DirectiveShape, in context: BlockContext
  ) -> [CheckedStatement] {
    guard let scope = shape.opens else {
      if statement.block != nil {
        report(
          .wrongBlock, "'\(shape.directive)' takes no block", at: statement.location,
          help: "sluice explain \(shape.directive)")
      }
      return []
    }
    let name = shape.defines == nil ? nil : statement.firstText
    let inner = check(statement.block ?? [], in: BlockContext(scope: scope, name: name))
    refuseRepetitions(inner)
    return inner
  }

  /// In one scope a directive stands once, but for those that may be repeated.
  mutating func refuseRepetitions(_ statements: [CheckedStatement]) {
    var first: [String: SourceLocation] = [:]
    for statement in statements {
      guard let key = repetitionKey(statement) else { continue }
      guard let before = first[key] else {
        first[key] = statement.location
        continue
      }
      report(
        .duplicateDirective, "'\(statement.directive)' stands twice in one scope",
        at: statement.location, notes: [.init("first stated here", at: before)])
    }
  }

  /// What may stand once in a scope; nil for a statement that may be repeated.
  func repetitionKey(_ statement: CheckedStatement) -> String? {
    if case .keyedSet(let keys) = statement.shape.inheritance {
      let key = statement.arguments.prefix(keys).map { argument in
        if case .string(let text) = argument.value.canonical { return text }
        return argument.value.canonical.compact
      }
      return ([statement.directive] + key).joined(separator: " ")
    }
    return statement.shape.isRepeatable ? nil : statement.directive
  }
}

extension Scope {
  /// From the outermost in, as messages list scopes.
  var order: Int { Scope.allCases.firstIndex(of: self) ?? 0 }
}
