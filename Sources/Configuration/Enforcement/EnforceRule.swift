// One statement of an `enforce` block: what it adds to a scope, and what of a scope is weaker.

/// Something that is weaker than an `enforce` demands.
struct Weakening: Hashable {
  /// `timeout.total`, `limit.per-ip`, or a directive when the whole of it is meant.
  let subject: String
  let found: String
  let demanded: String
  /// Where the weaker value is written; nil when it is built in.
  let location: SourceLocation?
  let rule: SourceLocation
}

struct EnforceRule {
  let statement: CheckedStatement

  private var shape: DirectiveShape { statement.shape }
  private var directive: String { statement.directive }

  /// Puts into a scope what the statement sets for all: values that no scope says, and statements
  /// that join those of the scopes.
  func apply(to scope: inout FoldedScope) {
    switch shape.inheritance {
    case .record(let builtIn):
      guard statement.form == .settings, scope.isOn(directive, builtIn) else { return }
      for change in statement.changes where change.operation == .set {
        guard scope.records[directive]?.values[change.property.name] == nil else { continue }
        scope.set(change.property, of: statement.declaration, isOn: true)
      }
    case .conjunction, .keyedSet: scope.join(statement)
    case .narrowing, .atomic, .none: return
    }
  }

  /// What is weaker in a scope that the statement was applied to.
  func weakenings(in scope: FoldedScope) -> [Weakening] {
    switch shape.inheritance {
    case .record(let builtIn): inRecord(scope, builtIn)
    case .conjunction, .keyedSet: inSet(scope)
    case .atomic: inAuth(scope)
    case .narrowing, .none: []
    }
  }

  private func weakening(
    _ subject: String, _ found: String, _ demanded: String, at location: SourceLocation?,
    rule: SourceLocation? = nil
  ) -> Weakening {
    Weakening(
      subject: subject, found: found, demanded: demanded, location: location,
      rule: rule ?? statement.location)
  }

  /// Being off is the weakest state of what protects, and the strictest of what grants.
  private func inRecord(_ scope: FoldedScope, _ builtIn: Inheritance.BuiltIn) -> [Weakening] {
    let record = scope.records[directive]
    let isOn = scope.isOn(directive, builtIn)
    let switched = record?.switchedAt ?? record?.ordered.first?.provenance
    if statement.form == .off {
      return isOn ? [weakening(directive, "on", "off", at: switched)] : []
    }
    guard isOn else {
      return shape.isGrant ? [] : [weakening(directive, "off", "on", at: switched)]
    }
    return statement.changes.compactMap { change in
      let property = change.property
      let value =
        record?.values[property.name]?.value
        ?? statement.declaration.builtInValue(property.slot, at: statement.location)
      if let value, value.keeps(change.operation, property.value) { return nil }
      let stated = record?.values[property.name]?.provenance
      let sign = change.operation == .set ? "" : change.operation.rawValue
      return weakening(
        "\(directive).\(property.name)", value?.canonical.written ?? "not said",
        "\(sign)\(property.value.canonical.written)", at: stated, rule: property.provenance)
    }
  }

  /// Statements that join cannot be lost, but a scope that tries is told.
  private func inSet(_ scope: FoldedScope) -> [Weakening] {
    let key = scope.key(of: statement)
    let names = key.isEmpty ? [] : statement.arguments.map(\.value.canonical.written)
    let subject = ([directive] + names).joined(separator: ".")
    if let place = scope.switchedOff[FoldedScope.SetKey(directive, key)] {
      return [weakening(subject, "off", "on", at: place)]
    }
    guard case .keyedSet = shape.inheritance else { return [] }
    guard let entry = scope.sets[directive]?.first(where: { $0.key == key }) else { return [] }
    if entry.isShadow { return [weakening(subject, "shadow=on", "shadow=off", at: entry.location)] }
    return statement.changes.compactMap { inEntry(entry, $0.property, subject) }
  }

  /// A scope that states the entry again may say what the rule does not, and nothing else of it.
  private func inEntry(
    _ entry: FoldedEntry, _ property: SettledProperty, _ subject: String
  ) -> Weakening? {
    let own = entry.values.first { $0.name == property.name }
    let value =
      own?.value ?? statement.declaration.builtInValue(property.slot, at: entry.location)
    if let value, value.keeps(.set, property.value) { return nil }
    func written(_ value: ParsedValue?) -> String {
      value.map { "\(property.name)=\($0.canonical.written)" } ?? "without \(property.name)"
    }
    return weakening(
      subject, written(value), written(property.value),
      at: own?.provenance ?? entry.location, rule: property.provenance)
  }

  private func inAuth(_ scope: FoldedScope) -> [Weakening] {
    guard let entries = scope.slots["auth"], let first = entries.first,
      !entries.allSatisfy(\.demandsIdentity)
    else { return [] }
    return [weakening(directive, first.written, "an identity", at: first.location)]
  }
}

extension [SettledProperty] {
  /// `shadow=on`: what decides nothing.
  fileprivate var isShadow: Bool {
    contains { $0.name == "shadow" && $0.value.canonical == .bool(true) }
  }
}

extension CheckedStatement {
  var isShadow: Bool { values.isShadow }
}

extension FoldedEntry {
  var isShadow: Bool { values.isShadow }

  /// Whether an `auth` lets nobody pass who has not proved who he is.
  var demandsIdentity: Bool {
    let settings = declaration.settings(applying: values)
    return (settings as? AuthSettings)?.demandsIdentity ?? false
  }

  /// The statement without its directive.
  var written: String {
    values.sorted { $0.slot.order < $1.slot.order }.map { value in
      if case .argument = value.slot { return value.value.canonical.written }
      return "\(value.name)=\(value.value.canonical.written)"
    }.joined(separator: " ")
  }
}
