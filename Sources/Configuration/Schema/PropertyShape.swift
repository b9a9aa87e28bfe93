// What is known of a property without knowing the Swift type that holds it.

/// How many values a property takes.
package enum Arity: Sendable, Hashable {
  case one
  /// `[a b]`; with `+=` and `-=` in records.
  case list
  /// `a` or `[a b]`, any of them.
  case anyOf
}

/// A positional argument or named property of a directive.
package struct PropertyShape: Sendable {
  /// The name as written; a family such as `header.NAME` is named by its prefix, `header.`.
  package let name: String
  /// Whether the name goes on with one that the author chooses.
  package let isFamily: Bool
  package let arity: Arity
  package let value: ValueShape
  package let isRequired: Bool
  /// One sentence for the manual.
  package let summary: String

  /// Whether `>=` and `<=` mean something: on lists a superset and a subset.
  package var isOrdered: Bool { arity == .one ? value.isOrdered : true }

  /// The name as manuals and messages write it.
  package var label: String { isFamily ? name + "NAME" : name }

  /// Completes "takes ...".
  package var noun: String {
    switch arity {
    case .one: value.noun
    case .list: "a list, each item \(value.noun)"
    case .anyOf: "\(value.noun), or a list of such"
    }
  }
}
