// `sluice explain route GROUP.ROUTE`: the effective settings of a route, with file and line for
// each value.

extension EffectiveConfiguration {
  /// The ids of all routes, sorted.
  package var routeIDs: [String] { Set(listeners.flatMap { $0.routes.map(\.id) }).sorted() }

  /// The route on each of its listeners; nil when there is no such route.
  package func explanation(ofRoute id: String) -> String? {
    let texts = listeners.compactMap { listener in
      listener.routes.first { $0.id == id }.map { RouteExplanation.text($0, on: listener.name) }
    }
    return texts.isEmpty ? nil : texts.joined(separator: "\n")
  }
}

private enum RouteExplanation {
  static func text(_ route: EffectiveRoute, on listener: String) -> String {
    var rows: [(String, String)] = []
    for declaration in route.settings.schema.directives
    where declaration.shape.scopes.contains(.route) {
      rows += self.rows(declaration, route.settings)
    }
    let width = rows.map(\.0.count).max() ?? 0
    var text = "route \(route.id) on listener \(listener)   \(route.location)\n"
    text += "  match \(CanonicalForm.matches(route.matches).compact)\n"
    for (left, right) in rows {
      text += "  \(left)\(String(repeating: " ", count: width - left.count))   \(right)\n"
    }
    return text
  }

  private static func rows(
    _ declaration: any DirectiveDeclaration, _ settings: EffectiveSettings
  ) -> [(String, String)] {
    let shape = declaration.shape
    guard case .record(let builtIn) = shape.inheritance else {
      return settings.entries(of: shape).map { entry in
        (line(declaration, entry.values), entry.location.description)
      }
    }
    let record = settings.folded.records[shape.directive]
    guard record?.isOn ?? (builtIn == .on) else {
      return [("\(shape.directive) off", record?.switchedAt?.description ?? "built in")]
    }
    let values = record?.ordered ?? []
    return CanonicalForm.properties(declaration, values).map { member in
      let place = values.last { $0.name == member.key }?.provenance.description
      return ("\(shape.directive) \(member.key)=\(member.value.written)", place ?? "built in")
    }
  }

  private static func line(
    _ declaration: any DirectiveDeclaration, _ values: [SettledProperty]
  ) -> String {
    let parts = values.sorted { $0.slot.order < $1.slot.order }.map { value in
      let text = value.value.canonical.written
      if case .argument = value.slot { return text }
      return "\(value.name)=\(text)"
    }
    return ([declaration.shape.directive] + parts).joined(separator: " ")
  }
}
