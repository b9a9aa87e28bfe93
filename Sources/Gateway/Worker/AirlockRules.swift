// Which fields of requests are Sluice's own, over a whole config: what some chain reads or sets is
// closed on every other.

import Policies
import PolicyChain

struct AirlockRules {
  private let closed: Set<String>

  init(
    _ blueprint: Blueprint, _ verifiers: [String: any IdentityVerifier],
    bulkheads: BulkheadRegistry
  ) {
    var closed: Set<String> = []
    for verifier in verifiers.values {
      closed.formUnion(verifier.credentialFields)
      closed.formUnion(verifier.assertedFields)
    }
    let context = ChainContext(
      isSecure: false, keepsAmbiguousNames: false, verifiers: verifiers, parameterNames: [],
      buckets: [:], bulkheads: bulkheads, stores: [:])
    for listener in blueprint.listeners {
      let stated =
        [listener.outermost] + listener.scopes.map(\.policies) + listener.routes.map(\.policies)
      for policies in stated { closed.formUnion(Self.own(policies, context)) }
    }
    self.closed = closed
  }

  /// The airlock of a chain; nil when there is nothing to take off.
  func airlock(_ policies: [PolicyBlueprint], _ context: ChainContext) -> Airlock? {
    Airlock(
      closed: closed, own: Self.own(policies, context), hasAliases: context.keepsAmbiguousNames)
  }

  private static func own(_ policies: [PolicyBlueprint], _ context: ChainContext) -> Set<String> {
    policies.reduce(into: []) { names, policy in
      names.formUnion(policy.registration.ownFields(policy.settings, context))
    }
  }
}
