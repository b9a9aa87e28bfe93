// `sluice schema`: a JSON Schema (2020-12) of the canonical form, made from the declarations.

extension Schema {
  /// The JSON Schema of what `adapt` prints.
  package var jsonSchema: JSON {
    let defined = directives.filter {
      !["sluice", "defaults", "group", "route", "include"].contains($0.shape.directive)
    }
    let definitions = defined.map { declaration in
      JSON.Member(
        key: LanguageSchema.key(declaration.shape), value: LanguageSchema.object(declaration, self))
    }
    let effective = [Scope.listener, .group, .route].map { scope in
      JSON.Member(
        key: "settings.\(scope.rawValue)", value: LanguageSchema.settings(in: scope, self))
    }
    let top = defined.filter { $0.shape.scopes.contains(.top) }
    return .members([
      "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
      "title": .string("The effective configuration of Sluice"),
      "type": .string("object"),
      "properties": .object(
        [JSON.Member(key: "sluice", value: .members(["const": .number(1)]))]
          + LanguageSchema.references(to: top)),
      "required": .strings(["sluice"]),
      "additionalProperties": .bool(false),
      "$defs": .object(
        definitions.sorted { $0.key < $1.key } + effective + LanguageSchema.fixed),
    ])
  }
}

private enum LanguageSchema {
  /// Directives of one name in several scopes are kept apart by the scope.
  static func key(_ shape: DirectiveShape) -> String {
    "\(shape.scopes.first?.rawValue ?? "top").\(shape.directive)"
      + (shape.variant.map { ".\($0)" } ?? "")
  }

  private static func reference(to key: String) -> JSON {
    .members(["$ref": .string("#/$defs/\(key)")])
  }

  static func references(to declarations: [any DirectiveDeclaration]) -> [JSON.Member] {
    let byDirective = Dictionary(grouping: declarations.map(\.shape), by: \.directive)
    return byDirective.values.compactMap { shapes in
      guard let shape = shapes.first else { return nil }
      let references = shapes.map { reference(to: key($0)) }
      let one =
        references.count == 1 ? references[0] : .members(["anyOf": .array(references)])
      let value: JSON
      if shape.defines != nil {
        value = .members(["type": .string("object"), "additionalProperties": one])
      } else if shape.isRepeatable {
        value = .members(["type": .string("array"), "items": one])
      } else if case .record = shape.inheritance {
        value = .members(["anyOf": .array([one, .members(["const": .string("off")])])])
      } else {
        value = one
      }
      return JSON.Member(key: shape.directive, value: value)
    }.sorted { $0.key < $1.key }
  }

  static func object(_ declaration: any DirectiveDeclaration, _ schema: Schema) -> JSON {
    let shape = declaration.shape
    if shape.takesTerms || shape.opens == .enforce {
      return .members([
        "type": .string("array"), "description": .string(shape.summary),
        "items": .members(["type": .string("string")]),
      ])
    }
    let own = (shape.arguments.dropFirst(shape.defines == nil ? 0 : 1) + shape.properties)
    var properties = own.filter { !$0.isFamily }.map { property in
      JSON.Member(key: property.name, value: value(property))
    }
    let families = own.filter(\.isFamily).map { property in
      JSON.Member(key: "^\(property.name.dropLast())\\.", value: value(property))
    }
    if let scope = shape.opens {
      let inner = schema.directives.filter {
        $0.shape.scopes.contains(scope) && $0.shape.inheritance == .none
      }
      properties += references(to: inner)
      if scope == .listener { properties += listenerExtras }
    }
    return .members([
      "type": .string("object"), "description": .string(shape.summary),
      "properties": .object(properties),
      "patternProperties": families.isEmpty ? nil : .object(families),
      "additionalProperties": .bool(false),
    ])
  }

  private static func value(_ property: PropertyShape) -> JSON {
    var one = property.value.schema
    if property.value.calls.contains(.env) || property.value.calls.contains(.file) {
      one = .members(["anyOf": .array([one, reference(to: "call")])])
    }
    let value: JSON =
      property.arity == .one ? one : .members(["type": .string("array"), "items": one])
    guard case .object(let members) = value else { return value }
    return .object(members + [JSON.Member(key: "description", value: .string(property.summary))])
  }

  // MARK: What is effective

  static func settings(in scope: Scope, _ schema: Schema) -> JSON {
    let inherited = schema.directives.filter {
      $0.shape.scopes.contains(scope) && $0.shape.inheritance != .none
        && $0.shape.inheritance != .narrowing
    }
    return .members([
      "type": .string("object"), "properties": .object(references(to: inherited)),
      "additionalProperties": .bool(false),
    ])
  }

  private static let listenerExtras: [JSON.Member] = [
    JSON.Member(key: "settings", value: reference(to: "settings.listener")),
    JSON.Member(key: "groups", value: keyed(by: "group")),
    JSON.Member(key: "routes", value: keyed(by: "route")),
  ]

  private static func keyed(by scope: String) -> JSON {
    let one = JSON.members([
      "type": .string("object"),
      "properties": .members([
        "match": .members(["type": .string("array"), "items": reference(to: "match")]),
        "settings": reference(to: "settings.\(scope)"),
      ]),
      "additionalProperties": .bool(false),
    ])
    return .members(["type": .string("object"), "additionalProperties": one])
  }

  /// Shapes that no directive declares: effective match lines, and calls that are not resolved.
  static let fixed: [JSON.Member] = [
    JSON.Member(
      key: "match",
      value: .members([
        "type": .string("object"),
        "additionalProperties": .members([
          "type": .string("array"), "items": .members(["type": .string("string")]),
        ]),
      ])),
    JSON.Member(
      key: "call",
      value: .members([
        "type": .string("object"),
        "properties": .members([
          "env": .members(["type": .string("string")]),
          "default": .members(["type": .string("string")]),
          "file": .members(["type": .string("string")]),
        ]),
        "additionalProperties": .bool(false),
      ])),
  ]
}
