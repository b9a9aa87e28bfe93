// `sluice adapt`: the effective config as JSON whose bytes do not depend on the order of
// statements, on what stands in which file, or on the environment. Secrets print as where they are,
// never as what they are.

extension EffectiveConfiguration {
  /// The canonical form.
  package var canonical: JSON {
    let direct = CanonicalForm.children(
      statements.filter { !["sluice", "defaults", "group", "route"].contains($0.directive) },
      extending: { statement in
        listeners.first { $0.name == statement.name && statement.shape.defines == .listener }
          .map(CanonicalForm.members) ?? []
      })
    return .object([JSON.Member(key: "sluice", value: .number(1))] + direct)
  }
}

/// Builds canonical JSON from declarations: no directive is known by name.
enum CanonicalForm {
  /// Statements of one scope by directive, those with names by name, repeated ones in the order of
  /// their text.
  static func children(
    _ statements: [CheckedStatement],
    extending extra: (CheckedStatement) -> [JSON.Member] = { _ in [] }
  ) -> [JSON.Member] {
    let byDirective = Dictionary(grouping: statements, by: \.directive)
    return byDirective.keys.sorted().compactMap { directive in
      guard let same = byDirective[directive], let shape = same.first?.shape else { return nil }
      return JSON.Member(key: directive, value: value(of: same, shape, extra))
    }
  }

  private static func value(
    of statements: [CheckedStatement], _ shape: DirectiveShape,
    _ extra: (CheckedStatement) -> [JSON.Member]
  ) -> JSON {
    func object(_ statement: CheckedStatement) -> JSON {
      if statement.form == .off { return .string("off") }
      if shape.opens == .enforce { return rules(of: statement.block) }
      if shape.takesTerms { return .strings(statement.terms.map(\.text)) }
      let own = properties(statement.declaration, statement.values)
      // What is inherited is printed where it holds, not where it is said.
      let inner = statement.block.filter { $0.shape.inheritance == .none }
      return .object(own + children(inner) + extra(statement))
    }
    if shape.defines != nil {
      let sorted = statements.sorted { $0.name < $1.name }
      return .object(sorted.map { JSON.Member(key: $0.name, value: object($0)) })
    }
    let objects = statements.map { object($0) }
    return shape.isRepeatable ? .array(sorted(objects)) : objects.first ?? .null
  }

  /// What an `enforce` demands, as it would be written.
  private static func rules(of block: [CheckedStatement]) -> JSON {
    let texts = block.map { statement in
      let changes = statement.changes.map { change in
        change.property.name + change.operation.rawValue + change.property.value.canonical.written
      }
      let arguments = statement.arguments.map(\.value.canonical.written)
      let off = statement.form == .off ? ["off"] : []
      return ([statement.directive] + off + arguments + changes).joined(separator: " ")
    }
    return .strings(texts.sorted())
  }

  static func sorted(_ values: [JSON]) -> [JSON] {
    values.sorted { $0.compact.utf8.lexicographicallyPrecedes($1.compact.utf8) }
  }

  /// Arguments and properties in the order of the declaration, built-in values included; what is
  /// absent is left out.
  static func properties(
    _ declaration: any DirectiveDeclaration, _ values: [SettledProperty]
  ) -> [JSON.Member] {
    let shape = declaration.shape
    let slots =
      shape.arguments.indices.map(PropertySlot.argument)
      + shape.properties.indices.map(PropertySlot.property)
    var members: [JSON.Member] = []
    for slot in slots {
      let property = shape[slot]
      if shape.defines != nil, slot == .argument(0) { continue }
      let said = values.filter { $0.slot == slot }.sorted { $0.name < $1.name }
      if property.isFamily {
        members += said.map { JSON.Member(key: $0.name, value: $0.value.canonical) }
      } else if let value = said.last?.value.canonical ?? declaration.builtIn(slot),
        value != .null
      {
        members.append(JSON.Member(key: property.name, value: value))
      }
    }
    return members
  }

  // MARK: Effective settings

  static func members(_ listener: ListenerConfiguration) -> [JSON.Member] {
    let scopes = listener.scopes.sorted { $0.name < $1.name }
    let routes = listener.routes.sorted { $0.id < $1.id }
    return [
      JSON.Member(key: "settings", value: settings(listener.settings, in: .listener)),
      JSON.Member(
        key: "groups",
        value: .object(
          scopes.map { scope in
            JSON.Member(
              key: scope.name,
              value: .members([
                "match": matches(scope.matches), "settings": settings(scope.settings, in: .group),
              ]))
          })),
      JSON.Member(
        key: "routes",
        value: .object(
          routes.map { route in
            JSON.Member(
              key: route.id,
              value: .members([
                "match": matches(route.matches), "settings": settings(route.settings, in: .route),
              ]))
          })),
    ]
  }

  /// What holds in a scope, for the directives that may stand there.
  static func settings(_ settings: EffectiveSettings, in scope: Scope) -> JSON {
    var members: [JSON.Member] = []
    let shapes = settings.schema.directives.filter { $0.shape.scopes.contains(scope) }
    for declaration in shapes.sorted(by: { $0.shape.directive < $1.shape.directive }) {
      guard let value = value(of: declaration, in: settings) else { continue }
      members.append(JSON.Member(key: declaration.shape.directive, value: value))
    }
    return .object(members)
  }

  private static func value(
    of declaration: any DirectiveDeclaration, in settings: EffectiveSettings
  ) -> JSON? {
    let shape = declaration.shape
    switch shape.inheritance {
    case .record(let builtIn):
      let record = settings.folded.records[shape.directive]
      guard record?.isOn ?? (builtIn == .on) else { return .string("off") }
      return .object(properties(declaration, record?.ordered ?? []))
    case .keyedSet, .conjunction, .atomic:
      let entries = settings.entries(of: shape)
      guard !entries.isEmpty else { return nil }
      let objects = entries.map { JSON.object(properties(declaration, $0.values)) }
      return shape.isRepeatable ? .array(sorted(objects)) : objects.first
    case .narrowing, .none: return nil
    }
  }

  static func matches(_ matches: [RouteMatch]) -> JSON { .array(sorted(matches.map(match))) }

  private static func match(_ match: RouteMatch) -> JSON {
    let list = { (key: String, texts: [String]) in
      texts.isEmpty ? nil : JSON.Member(key: key, value: .strings(texts.sorted()))
    }
    let fields = (match.headers + match.queries + match.cookies).map { field in
      JSON.Member(key: "\(field.kind).\(field.name)", value: .strings(field.values))
    }
    let members = [
      list("listener", match.listeners), list("host", match.hosts.map(\.text)),
      list("path", match.paths.map(\.text)), list("method", match.methods.map(\.name)),
    ]
    return .object(members.compactMap(\.self) + fields.sorted { $0.key < $1.key })
  }
}
