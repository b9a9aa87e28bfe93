// A directive without the Swift type of its settings: what parser, fold, explain, fmt and schema
// walk.

/// Where in its declaration a property stands.
package enum PropertySlot: Sendable, Hashable {
  case argument(Int)
  case property(Int)
}

/// A property with its value and the place it comes from.
package struct SettledProperty: Sendable {
  package let slot: PropertySlot
  /// The name as written, which for a family says more than the slot.
  package let name: String
  package let value: ParsedValue
  /// Where the value was written, so that every effective value can say so.
  package var provenance: SourceLocation { value.location }
}

/// Something wrong with settings that are each right.
package struct SettingsProblem: Sendable, Hashable {
  /// The property that the caret should point to.
  package let property: String
  package let message: String
  package let help: String?
  /// E0126 unless the check is one of the audit.
  package let code: DiagnosticCode

  package init(
    _ property: String, _ message: String, help: String? = nil,
    code: DiagnosticCode = .settingsConflict
  ) {
    self.property = property
    self.message = message
    self.help = help
    self.code = code
  }
}

/// What is known of a directive without its settings' type.
package struct DirectiveShape: Sendable {
  package let directive: String
  /// The word in the second argument that tells this declaration from others of the same name and
  /// scope, such as `jwt` of `identity`; nil when the name alone tells.
  package let variant: String?
  package let summary: String
  package let scopes: [Scope]
  package let inheritance: Inheritance
  package let defines: EntityKind?
  package let opens: Scope?
  package let isRepeatable: Bool
  /// Whether it takes terms, as `require` does, in place of arguments and properties.
  package let takesTerms: Bool
  package let arguments: [PropertyShape]
  package let properties: [PropertyShape]
  /// Properties that the language has and this version does not.
  package let later: [String]
  package let examples: [Example]

  package var isContainer: Bool { opens != nil }

  /// Whether it may stand in a scope. `enforce` takes what is inherited from scope to scope, but
  /// for actions and matches: those make a route and protect nothing.
  package func stands(in scope: Scope) -> Bool {
    guard scope == .enforce, scopes.contains(.route) else { return scopes.contains(scope) }
    switch inheritance {
    case .record, .conjunction: return true
    case .keyedSet: return directive == "limit"
    case .atomic(let slot): return slot == "auth"
    case .narrowing, .none: return false
    }
  }

  /// Whether being off is the strictest that a record can be. One that is off unless said grants
  /// something, such as `cors`; a bulkhead protects and has no number that fits everyone.
  var isGrant: Bool { inheritance == .record(.off) && directive != "bulkhead" }

  var isRecord: Bool {
    if case .record = inheritance { true } else { false }
  }

  /// Whether the language has the property and this version has not. A name that ends in a dot
  /// stands for a family.
  func isLater(_ name: String) -> Bool {
    later.contains { $0.hasSuffix(".") ? name.hasPrefix($0) : name == $0 }
  }

  /// The slot of a property as written; families match by prefix.
  func slot(named name: String) -> PropertySlot? {
    let index = properties.firstIndex {
      $0.isFamily ? name.hasPrefix($0.name) && name.count > $0.name.count : $0.name == name
    }
    return index.map { .property($0) }
  }

  package subscript(slot: PropertySlot) -> PropertyShape {
    switch slot {
    case .argument(let index): arguments[index]
    case .property(let index): properties[index]
    }
  }
}

/// One directive of the language. `Manual` is the only type that should conform.
package protocol DirectiveDeclaration: Sendable {
  var shape: DirectiveShape { get }
  /// Reads a written value for one of the properties.
  func read(
    _ value: ValueSyntax, for slot: PropertySlot, with reader: inout ValueReader
  ) -> ParsedValue?
  /// The built-in value of a property, in canonical form.
  func builtIn(_ slot: PropertySlot) -> JSON?
  /// The built-in value of a property, as if written at `location`; nil when it has none.
  func builtInValue(_ slot: PropertySlot, at location: SourceLocation) -> ParsedValue?
  /// The built-in items of a list, as if written at `location`.
  func builtInItems(_ slot: PropertySlot, at location: SourceLocation) -> [ParsedValue]
  /// The typed settings: the built-in values with `values` stored in order.
  func settings(applying values: [SettledProperty]) -> any Sendable
  /// What is wrong with typed settings as a whole.
  func problems(in settings: any Sendable) -> [SettingsProblem]
}
