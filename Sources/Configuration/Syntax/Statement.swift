// The syntax tree: statements with arguments, properties and blocks. Nothing here knows which
// directives there are.

/// One statement as written.
package struct Statement: Sendable {
  package let name: String
  /// The directive's name.
  package let location: SourceLocation
  package let arguments: [ValueSyntax]
  package let properties: [PropertySyntax]
  /// The statements of its block; nil when it has none.
  package let block: [Statement]?
  /// Whether its line had no syntax error; of one that had, nothing is said to be missing.
  let isWhole: Bool

  /// The first argument's text, which for a container is usually its name.
  var firstText: String? { arguments.first?.text }
}

/// A property as written.
package struct PropertySyntax: Sendable {
  package enum Operator: String, Sendable, CaseIterable {
    case set = "="
    case add = "+="
    case remove = "-="
    case atLeast = ">="
    case atMost = "<="
  }

  package let name: String
  package let operation: Operator
  package let value: ValueSyntax
  /// The name and its operator.
  package let location: SourceLocation
}
