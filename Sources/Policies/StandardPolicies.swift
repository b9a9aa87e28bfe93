// The order of the chain, in one list. A new policy adds its line here, at the place where it
// belongs, and nothing else anywhere.

import Configuration
import PolicyChain

package enum StandardPolicies {
  /// Policies that a config states. Requests meet them from top to bottom, and so do answers on
  /// their way through the egress stage. Each line says why it stands where it stands.
  package static let all: [Registration] = [
    // First, so that whatever is refused after it has an id to be asked about.
    RequestIdentifier.registration,
    // A deadline holds for everything behind it.
    RouteTimeouts.registration,
    // On answers only: what a refusal says must be as safe as what a page says.
    SecureHeaders.registration,
    // The cheapest refusal first.
    Access.registration,
    // Before anyone is asked who he is: a preflight never carries credentials.
    CORS.registration,
    // Keys that need no identity: refusing must cost less than anything that follows.
    Limits.registration,
    // Who may pass. Limits that name the caller stand behind it.
    Authentication.registration,
    // What is allowed may depend on the caller.
    Allow.registration,
    // Refuses by the declared length before anything is forwarded.
    BodyLimit.registration,
    // Last of what changes a request, so that all before it saw the path that was matched.
    Rewrite.registration,
    // After all that may refuse a request or change it: a handshake is one like any other.
    Upgrade.registration,
    // Closest to the upstream: what was refused before takes no place.
    Bulkhead.registration,
    // Actions stand in for an upstream, inside of everything else.
    Redirect.registration,
    Respond.registration,
  ]

  /// Policies that every request meets before all others, and that no route can do without.
  ///
  /// The client's address comes first: whether the peer is trusted decides which ids are believed.
  /// - Parameters:
  ///   - airlock: nil where there is nothing to take off; before everything else.
  ///   - settings: of `client-ip`; nil when the config has none, and then nobody is trusted.
  package static func unconditional(
    _ airlock: Airlock?, _ settings: ClientAddressSettings?
  ) -> [any Admission] {
    (airlock.map { [$0] } ?? []) + [ClientAddress(settings), TraceContext()]
  }

  /// The declarations that policies add to the core's.
  package static let directives: [any DirectiveDeclaration] =
    all.filter { !$0.isCore }.map(\.declaration) + IdentityKind.all.map(\.declaration)
}

extension Registration {
  /// Whether the core declares the directive, and the policy only decides by it.
  package var isCore: Bool {
    CoreDirectives.all.contains { core in
      core.shape.directive == declaration.shape.directive
        && !Set(core.shape.scopes).isDisjoint(with: declaration.shape.scopes)
    }
  }
}
