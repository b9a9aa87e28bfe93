// Text with attributes in braces, such as `/catalog/{path.id}`. Parsed once here; whoever fills it
// encodes for its place.

/// A template: literal text and attributes in turn.
package struct Template: Sendable, Hashable, CustomStringConvertible {
  package enum Part: Sendable, Hashable {
    case literal(String)
    case attribute(Attribute)
  }

  package let parts: [Part]

  package init(parsing text: String) throws(ValueProblem) {
    var parts: [Part] = []
    var rest = text[...]
    while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      guard rest[open] == "{" else { throw ValueProblem("has a '}' without its '{'") }
      if open > rest.startIndex { parts.append(.literal(String(rest[..<open]))) }
      let inner = rest[rest.index(after: open)...]
      guard let close = inner.firstIndex(of: "}") else {
        throw ValueProblem("has a '{' without its '}'")
      }
      parts.append(.attribute(try Template.attribute(String(inner[..<close]))))
      rest = inner[inner.index(after: close)...]
    }
    if !rest.isEmpty { parts.append(.literal(String(rest))) }
    self.parts = parts
  }

  private static func attribute(_ name: String) throws(ValueProblem) -> Attribute {
    do { return try Attribute(parsing: name) } catch {
      throw ValueProblem(error.reason ?? "has the unknown attribute '{\(name)}'", hint: error.hint)
    }
  }

  package var attributes: [Attribute] {
    parts.compactMap { if case .attribute(let attribute) = $0 { attribute } else { nil } }
  }

  package var description: String {
    parts.map { part in
      switch part {
      case .literal(let text): text
      case .attribute(let attribute): "{\(attribute)}"
      }
    }.joined()
  }
}
