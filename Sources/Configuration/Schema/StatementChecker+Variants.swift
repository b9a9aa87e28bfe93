// Directives whose second argument says what they are, such as `identity staff jwt`: each kind has
// a declaration of its own.

extension StatementChecker {
  /// The declaration that a statement means; nil, and reported, when its variant does not exist.
  mutating func declaration(
    of statement: Statement, among meanings: [any DirectiveDeclaration]
  ) -> (any DirectiveDeclaration)? {
    let variants = meanings.compactMap(\.shape.variant)
    guard !variants.isEmpty else { return meanings.first }
    let name = statement.name
    let written = statement.arguments.dropFirst().first
    if let found = meanings.first(where: { $0.shape.variant == written?.text }) { return found }
    refusedNames.formUnion(statement.firstText.map { [$0] } ?? [])
    guard let written, let text = written.text else {
      report(
        .missingValue, "'\(name)' lacks its kind: \(variants.sorted().listed)",
        at: written?.location ?? statement.location, help: "sluice explain \(name)")
      return nil
    }
    if LaterVersion.variants[name]?.contains(text) ?? false {
      report(
        .notInThisVersion, "'\(text)' of '\(name)' is not in this version", at: written.location)
      return nil
    }
    let meant = Suggestion.nearest(to: text, among: variants)
    report(
      .wrongType, "'\(name)' takes \(variants.sorted().listed), not '\(text)'",
      at: written.location, hint: meant.map { "did you mean '\($0)'?" },
      help: "sluice explain \(name)")
    return nil
  }
}
