// A statement whose directive, arguments and properties are known to be right, each by itself.

/// A property and what its operator does to the inherited value.
package struct PropertyChange: Sendable {
  let operation: PropertySyntax.Operator
  let property: SettledProperty
}

/// One statement after the schema has read it.
package struct CheckedStatement: Sendable {
  package enum Form: Sendable, Hashable {
    case settings
    /// `cors off`, `limit off per-ip`.
    case off
    /// `cors reset ...`: starts again from the built-in values.
    case reset
  }

  let declaration: any DirectiveDeclaration
  let form: Form
  let arguments: [SettledProperty]
  let changes: [PropertyChange]
  let block: [CheckedStatement]
  /// Whether no statement of the block was refused; else nothing is said to be missing there.
  let isBlockWhole: Bool
  /// Whether nothing was wrong with the statement's own line.
  let isLineWhole: Bool
  let location: SourceLocation
  /// Of `require` and `forbid`, in the order in which they are written.
  var terms: [AssertionTermSyntax] = []

  var shape: DirectiveShape { declaration.shape }
  var directive: String { declaration.shape.directive }
  var values: [SettledProperty] { arguments + changes.map(\.property) }

  /// The name that the statement defines.
  var name: String {
    guard shape.defines != nil, case .string(let name)? = arguments.first?.value.canonical else {
      return ""
    }
    return name
  }

  /// Where the name stands; the directive's place when it has none.
  var nameLocation: SourceLocation { arguments.first?.provenance ?? location }

  /// Where a property of the statement stands; the directive's place when it is not said.
  func location(of property: String) -> SourceLocation {
    let slot = values.first { value in
      value.name == property || shape[value.slot].name == property
    }
    return slot?.provenance ?? location
  }

  /// The settings as their own type; nil when the statement is of another directive.
  func settings<Settings>(_ manual: Manual<Settings>) -> Settings? {
    guard directive == manual.shape.directive else { return nil }
    return declaration.settings(applying: values) as? Settings
  }
}

extension [CheckedStatement] {
  func all<Settings>(_ manual: Manual<Settings>) -> [(Settings, CheckedStatement)] {
    compactMap { statement in statement.settings(manual).map { ($0, statement) } }
  }

  func first<Settings>(_ manual: Manual<Settings>) -> Settings? { all(manual).first?.0 }
}
