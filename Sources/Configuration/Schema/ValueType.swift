// A type of the language: how text becomes a value, how the value prints, and what messages and
// manuals call it.

/// What messages, manuals and the JSON Schema need to know of a type.
package struct ValueShape: Sendable {
  /// Completes "takes ...": `a size such as 64KiB or 1MiB`.
  package let noun: String
  /// Words that the type takes, for did-you-mean and the manual; empty when it is open.
  package let words: [String]
  /// The JSON Schema of the canonical form.
  package let schema: JSON
  /// Whether values are greater and smaller, so that they can be bounded.
  package let isOrdered: Bool
  /// The calls that may stand for the value.
  package let calls: [CallSyntax.Function]
}

/// Something that a value names elsewhere and that the compiler checks once all files are read.
package enum Mention: Sendable, Hashable {
  case reference(EntityKind, String)
  case attribute(Attribute)
}

/// A type of the language, with the Swift type that holds its values.
package struct ValueType<Wrapped: Sendable>: Sendable {
  package let shape: ValueShape
  let parse: @Sendable (String) throws(ValueProblem) -> Wrapped
  let canonical: @Sendable (Wrapped) -> JSON
  /// Makes the value of a `secret(...)`, in the types that take one.
  var secret: (@Sendable (Secret) -> Wrapped)?
  /// Makes the value of a `file(...)` in the types that keep the path, so that the file is read
  /// again when it changes; in the others its text stands for the value.
  package var file: (@Sendable (String) -> Wrapped)?
  var mentions: @Sendable (Wrapped) -> [Mention] = { _ in [] }

  /// A type that is written as text. `calls` says whether `env()` and `file()` may stand for it.
  package init(
    _ noun: String, words: [String] = [], calls: [CallSyntax.Function] = [.env, .file],
    schema: JSON = .members(["type": .string("string")]),
    canonical: @escaping @Sendable (Wrapped) -> JSON,
    parse: @escaping @Sendable (String) throws(ValueProblem) -> Wrapped
  ) {
    shape = ValueShape(
      noun: noun, words: words, schema: schema,
      isOrdered: Wrapped.self is any Comparable.Type && Wrapped.self != String.self, calls: calls)
    self.canonical = canonical
    self.parse = parse
  }

  private init(
    shape: ValueShape, canonical: @escaping @Sendable (Wrapped) -> JSON,
    parse: @escaping @Sendable (String) throws(ValueProblem) -> Wrapped
  ) {
    self.shape = shape
    self.canonical = canonical
    self.parse = parse
  }

  /// Reads text as this type does, for a type that is made of it.
  package func parsed(_ text: String) throws(ValueProblem) -> Wrapped { try parse(text) }

  /// The same type where `Settings` holds an optional, nil meaning "not said".
  package var optional: ValueType<Wrapped?> {
    let (parse, canonical, mentions) = (parse, canonical, mentions)
    var type = ValueType<Wrapped?>(
      shape: shape, canonical: { $0.map(canonical) ?? .null },
      parse: { (text) throws(ValueProblem) in try parse(text) })
    type.mentions = { $0.map(mentions) ?? [] }
    if let secret { type.secret = { secret($0) } }
    if let file { type.file = { file($0) } }
    return type
  }

  /// The same type, which also takes the path of a file in `file("...")`: the file is read when
  /// the config is served, and again whenever it changes.
  package func naming(_ file: @escaping @Sendable (String) -> Wrapped) -> ValueType {
    var type = self
    type.file = file
    return type
  }

  /// The same type with the name of something that must exist elsewhere.
  package func mentioning(_ mentions: @escaping @Sendable (Wrapped) -> [Mention]) -> ValueType {
    var type = self
    type.mentions = mentions
    return type
  }

  /// The same type, which `env()` and `file()` may not stand for: what is proved without an
  /// environment.
  package var literal: ValueType {
    var type = ValueType(
      shape: ValueShape(
        noun: shape.noun, words: shape.words, schema: shape.schema, isOrdered: shape.isOrdered,
        calls: []),
      canonical: canonical, parse: parse)
    type.secret = secret
    type.file = file
    type.mentions = mentions
    return type
  }
}
