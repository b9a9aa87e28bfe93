// Conditions that ask who calls, on routes where nobody has to say so.

extension Compiler {
  /// A condition on the caller would refuse everyone where no identity is proved.
  mutating func checkIdentity(of settings: EffectiveSettings, _ route: RouteTree.Route) {
    let auth = settings.folded.slots["auth"] ?? []
    guard !auth.isEmpty, !auth.allSatisfy(\.demandsIdentity) else { return }
    for value in settings.values.map(\.value) {
      guard let condition = value.payload as? Expression,
        let fact = condition.facts.first(where: \.needsIdentity)
      else { continue }
      report(
        .needsIdentity, "'\(fact)' needs an identity, and route '\(route.id)' may have none",
        at: value.location,
        notes: auth.prefix(1).map { .init("its auth", at: $0.location) },
        help: "write 'allow off' there, or auth any=[...] or all=[...]")
    }
  }
}
