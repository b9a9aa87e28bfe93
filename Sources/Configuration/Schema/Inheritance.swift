// How a statement meets the statements of the scopes around it: the language's table of classes, as
// data.

/// The inheritance class of a directive. The fold reads nothing else, so a new directive needs no
/// new code there.
package enum Inheritance: Sendable, Hashable {
  /// Merges property by property, the nearest scope wins; `off` and `reset` start again from the
  /// built-in values.
  case record(BuiltIn)
  /// A set of entries, one per key; the same key replaces its entry, `off KEY` takes it away.
  /// The key is made of the first `keyArguments` positional arguments.
  case keyedSet(keyArguments: Int)
  /// The statements of every scope hold together; `off` drops the inherited ones.
  case conjunction
  /// `match`: a conjunction that cannot be switched off, in which the statements of one scope are
  /// alternatives. The route tree folds it, since it decides which routes there are.
  case narrowing
  /// The nearest scope's statements replace those of every other directive with the same slot.
  case atomic(slot: String)
  /// Not inherited: it holds where it stands.
  case none

  /// Whether a record acts where no scope mentions it.
  package enum BuiltIn: Sendable, Hashable {
    case on, off
  }

  /// The slot shared by `to`, `respond` and `redirect`: each route has exactly one action.
  package static let action = Inheritance.atomic(slot: "action")

  /// Whether `off` may stand as the statement's first argument.
  package var hasOff: Bool {
    switch self {
    case .record, .keyedSet, .conjunction: true
    case .narrowing, .atomic, .none: false
    }
  }

  /// The class as the manual names it.
  package var phrase: String {
    switch self {
    case .record: "record: an inner scope changes single properties"
    case .keyedSet: "keyed set: an inner scope adds entries, or replaces the one of the same key"
    case .conjunction: "conjunction: what every scope says must hold"
    case .narrowing: "conjunction: a line of every scope must hold, any one of each"
    case .atomic(let slot) where slot == "action": "atomic: the nearest action replaces any other"
    case .atomic: "atomic: the nearest statement replaces the whole"
    case .none: "not inherited"
    }
  }
}
