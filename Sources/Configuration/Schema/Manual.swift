// The one declaration of a directive. Parsing, error texts, explain, fmt, the JSON Schema, the
// reference page and the fold all read it, so they cannot drift.

/// A directive: its settings with defaults, properties with types and ranges, and examples.
package struct Manual<Settings: Sendable>: DirectiveDeclaration {
  package let shape: DirectiveShape
  /// The built-in values.
  package let defaults: Settings
  let arguments: [Property<Settings>]
  let properties: [Property<Settings>]
  private let checks: (@Sendable (Settings) -> [SettingsProblem])?

  /// - Parameters:
  ///   - variant: the second argument's word, where several declarations share name and scope.
  ///   - scopes: the blocks it may stand in.
  ///   - arguments: positional, in order; required unless `.optional`.
  ///   - defines: the kind of thing that the first argument gives a name to.
  ///   - opens: the scope of the statements in its block; nil for a leaf.
  ///   - isRepeatable: whether it may stand several times in one scope.
  ///   - takesTerms: whether terms stand in place of arguments and properties.
  ///   - later: properties that the language has and this version refuses with E0109.
  ///   - check: what needs more than one property, after inheritance.
  package init(
    directive: String, variant: String? = nil, summary: String, scopes: [Scope] = Scope.policy,
    inheritance: Inheritance = .record(.on), defines: EntityKind? = nil, opens: Scope? = nil,
    isRepeatable: Bool = false, takesTerms: Bool = false,
    arguments: [Property<Settings>] = [], defaults: Settings,
    properties: [Property<Settings>], later: [String] = [], examples: [Example],
    check: (@Sendable (Settings) -> [SettingsProblem])? = nil
  ) {
    self.arguments = arguments.map(\.asArgument)
    self.properties = properties
    self.defaults = defaults
    checks = check
    shape = DirectiveShape(
      directive: directive, variant: variant, summary: summary, scopes: scopes,
      inheritance: inheritance, defines: defines, opens: opens,
      isRepeatable: isRepeatable || defines != nil, takesTerms: takesTerms,
      arguments: self.arguments.map(\.shape), properties: properties.map(\.shape),
      later: later, examples: examples)
  }

  package func read(
    _ value: ValueSyntax, for slot: PropertySlot, with reader: inout ValueReader
  ) -> ParsedValue? {
    property(at: slot).read(value, &reader)
  }

  package func builtIn(_ slot: PropertySlot) -> JSON? { property(at: slot).current(defaults) }

  package func builtInValue(
    _ slot: PropertySlot, at location: SourceLocation
  ) -> ParsedValue? {
    property(at: slot).held(defaults, location)
  }

  package func builtInItems(
    _ slot: PropertySlot, at location: SourceLocation
  ) -> [ParsedValue] {
    property(at: slot).items(defaults, location)
  }

  package func settings(applying values: [SettledProperty]) -> any Sendable {
    var settings = defaults
    for value in values { property(at: value.slot).store(value.value, value.name, &settings) }
    return settings
  }

  package func problems(in settings: any Sendable) -> [SettingsProblem] {
    guard let checks, let settings = settings as? Settings else { return [] }
    return checks(settings)
  }

  private func property(at slot: PropertySlot) -> Property<Settings> {
    switch slot {
    case .argument(let index): arguments[index]
    case .property(let index): properties[index]
    }
  }
}
