// `sluice explain TOPIC` and the reference page: what a declaration says, as text and as Markdown.

extension Schema {
  /// Everything that `explain` knows: directives and codes.
  package var topics: [String] {
    Set(directives.map(\.shape.directive)).sorted() + DiagnosticCode.all.map(\.description)
  }

  /// The manual of a directive or code; nil when there is none, and `Suggestion` may know what was
  /// meant.
  package func explanation(of topic: String) -> String? {
    let found = declarations(named: topic)
    if !found.isEmpty { return found.map(ManualText.text).joined(separator: "\n") }
    guard let code = DiagnosticCode.all.first(where: { $0.description == topic }) else {
      return nil
    }
    return "\(code): \(code.title) (\(code.severity.rawValue))\n"
  }

  /// The reference page, in Markdown.
  package var reference: String {
    var text = "# Configuration reference\n\n"
    text += "Generated from the declarations of the directives: do not edit.\n"
    for declaration in directives { text += "\n" + ManualText.markdown(declaration) }
    text += "\n## Codes\n\n| code | about | severity |\n|---|---|---|\n"
    for code in DiagnosticCode.all {
      text += "| \(code) | \(code.title) | \(code.severity.rawValue) |\n"
    }
    return text
  }
}

private enum ManualText {
  // MARK: Text

  static func text(_ declaration: any DirectiveDeclaration) -> String {
    let shape = declaration.shape
    var text = "\(usage(shape))\n\n  \(shape.summary)\n\n"
    text += "  stands     \(places(shape))\n"
    text += "  inherits   \(shape.inheritance.phrase)\n"
    if shape.isRepeatable { text += "  repeats    may stand several times in one scope\n" }
    text += list("Arguments", shape.arguments.indices.map { .argument($0) }, declaration)
    text += list("Properties", shape.properties.indices.map { .property($0) }, declaration)
    if !shape.examples.isEmpty { text += "\nExamples\n" }
    for example in shape.examples {
      text += "  # \(example.claim)\n"
      for line in example.config.split(separator: "\n") { text += "  \(line)\n" }
    }
    return text
  }

  /// `to UPSTREAM [SHARE]`
  private static func usage(_ shape: DirectiveShape) -> String {
    let arguments = shape.arguments.map { argument in
      let name = argument.name.uppercased()
      return argument.isRequired ? name : "[\(name)]"
    }
    let properties = shape.properties.map { property in
      property.isRequired ? "\(property.label)=" : "[\(property.label)=]"
    }
    let terms = shape.takesTerms ? ["TERM...", "[where TERM...]"] : []
    return
      ([shape.directive] + arguments + properties + terms + (shape.isContainer ? ["{ ... }"] : []))
      .joined(separator: " ")
  }

  private static func places(_ shape: DirectiveShape) -> String {
    shape.scopes.sorted { $0.order < $1.order }.map(\.phrase).listed
  }

  private static func list(
    _ title: String, _ slots: [PropertySlot], _ declaration: any DirectiveDeclaration
  ) -> String {
    guard !slots.isEmpty else { return "" }
    let labels = slots.map { declaration.shape[$0].label }
    let width = labels.map(\.count).max() ?? 0
    var text = "\n\(title)\n"
    for (slot, label) in zip(slots, labels) {
      let property = declaration.shape[slot]
      let pad = String(repeating: " ", count: width - label.count)
      text +=
        "  \(label)\(pad)  \(property.noun)\(builtIn(slot, declaration).map { "; \($0)" } ?? "")\n"
      text += "  \(String(repeating: " ", count: width))  \(property.summary)\n"
    }
    return text
  }

  /// `default 1MiB`, `required`, or nil when there is nothing unless said.
  private static func builtIn(
    _ slot: PropertySlot, _ declaration: any DirectiveDeclaration
  ) -> String? {
    if declaration.shape[slot].isRequired { return "required" }
    switch declaration.builtIn(slot) {
    case nil, .null, .array([]): return nil
    case .string(let text)?: return text.isEmpty ? nil : "default \(text)"
    case .bool(let isOn)?: return "default \(isOn ? "on" : "off")"
    case .number(let number)?: return "default \(number)"
    case .array(let items)?:
      let texts = items.map { item in
        if case .string(let text) = item { text } else { item.compact }
      }
      return "default [\(texts.joined(separator: " "))]"
    case .object?: return nil
    }
  }

  // MARK: Markdown

  static func markdown(_ declaration: any DirectiveDeclaration) -> String {
    let shape = declaration.shape
    let place = shape.scopes.sorted { $0.order < $1.order }.map(\.rawValue).joined(separator: ", ")
    var text = "## `\(shape.directive)` (\(place))\n\n"
    text += "\(shape.summary)\n\n```\n\(usage(shape))\n```\n\n"
    text += "Stands \(places(shape)). Inheritance: \(shape.inheritance.phrase).\n"
    let slots =
      shape.arguments.indices.map(PropertySlot.argument)
      + shape.properties.indices.map(PropertySlot.property)
    if !slots.isEmpty {
      text += "\n| | takes | unless said | |\n|---|---|---|---|\n"
      for slot in slots {
        let property = shape[slot]
        let name = if case .argument = slot { property.label } else { property.label + "=" }
        let cells = [
          "`\(name)`", property.noun, builtIn(slot, declaration) ?? "", property.summary,
        ]
        let escaped = cells.map { $0.split(separator: "|", omittingEmptySubsequences: false) }
        text += "| " + escaped.map { $0.joined(separator: "\\|") }.joined(separator: " | ") + " |\n"
      }
    }
    for example in shape.examples {
      text += "\n\(example.claim.prefix(1).uppercased())\(example.claim.dropFirst()):\n\n"
      text += "```\n\(example.config)\n```\n"
    }
    return text
  }
}
