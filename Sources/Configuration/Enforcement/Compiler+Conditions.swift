// What asks who calls, on routes where nobody has to say so.

extension Compiler {
  /// What a value needs of the caller, and how to do without it.
  private struct Need {
    let text: String
    let place: SourceLocation
    let help: String
  }

  /// A condition on the caller would refuse everyone where no identity is proved, and a key that
  /// names the caller would be one for all.
  mutating func checkIdentity(of settings: EffectiveSettings, _ route: RouteTree.Route) {
    let auth = settings.folded.slots["auth"] ?? []
    guard !auth.isEmpty, !auth.allSatisfy(\.demandsIdentity) else { return }
    for value in settings.values.map(\.value) {
      guard let need = need(of: value) else { continue }
      report(
        .needsIdentity, "\(need.text) needs an identity, and route '\(route.id)' may have none",
        at: need.place, notes: auth.prefix(1).map { .init("its auth", at: $0.location) },
        help: "write \(need.help), or auth any=[...] or all=[...]")
    }
  }

  private func need(of value: ParsedValue) -> Need? {
    if let condition = value.payload as? Expression,
      let fact = condition.facts.first(where: \.needsIdentity)
    {
      return Need(text: "'\(fact)'", place: value.location, help: "'allow off' there")
    }
    for item in value.items ?? [] {
      guard let part = item.payload as? KeyPart, part.needsIdentity else { continue }
      return Need(text: "'\(part)'", place: item.location, help: "another key there")
    }
    for case .reference(.bucket, let name) in value.mentions {
      guard let bucket = buckets[name], bucket.fallbackKey.isEmpty,
        let part = bucket.key.first(where: \.needsIdentity) ?? bucket.tier
      else { continue }
      return Need(
        text: "'\(part)' of bucket '\(name)'", place: value.location,
        help: "'limit off \(name)' there, give the bucket a fallback-key=[...]")
    }
    return nil
  }
}
