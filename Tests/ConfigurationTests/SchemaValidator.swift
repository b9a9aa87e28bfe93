// As much of JSON Schema as the language's schema uses: enough to hold the canonical form to it.

@testable import Configuration

extension JSON {
  subscript(key: String) -> JSON {
    guard case .object(let members) = self else { return .null }
    return members.first { $0.key == key }?.value ?? .null
  }

  var keys: [String] {
    guard case .object(let members) = self else { return [] }
    return members.map(\.key)
  }

  var text: String? { if case .string(let text) = self { text } else { nil } }

  var items: [JSON] { if case .array(let items) = self { items } else { [] } }

  /// Every `$ref` inside.
  var references: [String] {
    switch self {
    case .object(let members):
      members.flatMap { $0.key == "$ref" ? [$0.value.text ?? ""] : $0.value.references }
    case .array(let items): items.flatMap(\.references)
    default: []
    }
  }
}

struct SchemaValidator {
  let root: JSON

  func problems(of value: JSON) -> [String] { problems(of: value, by: root, at: "") }

  private func problems(of value: JSON, by schema: JSON, at path: String) -> [String] {
    if let reference = schema["$ref"].text {
      let name = String(reference.dropFirst("#/$defs/".count))
      return problems(of: value, by: root["$defs"][name], at: path)
    }
    let choices = schema["anyOf"].items
    if !choices.isEmpty {
      let all = choices.map { problems(of: value, by: $0, at: path) }
      return all.contains([]) ? [] : all.first ?? []
    }
    if schema["const"] != .null, schema["const"] != value { return ["\(path): not the constant"] }
    if !schema["enum"].items.isEmpty, !schema["enum"].items.contains(value) {
      return ["\(path): none of the choices"]
    }
    return typeProblems(of: value, by: schema, at: path)
  }

  private func typeProblems(of value: JSON, by schema: JSON, at path: String) -> [String] {
    switch (schema["type"].text, value) {
    case (nil, _), ("string", .string), ("boolean", .bool), ("integer", .number): return []
    case ("array", .array(let items)):
      return items.enumerated().flatMap { index, item in
        problems(of: item, by: schema["items"], at: "\(path)[\(index)]")
      }
    case ("object", .object(let members)):
      return members.flatMap { memberProblems(of: $0, by: schema, at: "\(path).\($0.key)") }
    default: return ["\(path): not \(schema["type"].text ?? "")"]
    }
  }

  private func memberProblems(
    of member: JSON.Member, by schema: JSON, at path: String
  ) -> [String] {
    let known = schema["properties"][member.key]
    if known != .null { return problems(of: member.value, by: known, at: path) }
    let rest = schema["additionalProperties"]
    if rest == .bool(false) { return ["\(path): not known"] }
    return rest == .null ? [] : problems(of: member.value, by: rest, at: path)
  }
}
