// The order of the chain, in one list. A new policy adds its line here, at the place where it
// belongs and with the reason for it, and nothing else anywhere.

import Configuration
import PolicyChain

package enum StandardPolicies {
  /// A policy at its place in the chain.
  package struct Place: Sendable {
    package let registration: Registration
    /// Why it stands there and not elsewhere, as `sluice explain pipeline` says it.
    package let reason: String

    fileprivate init(_ registration: Registration, _ reason: String) {
      self.registration = registration
      self.reason = reason
    }
  }

  /// Policies that a config states. Requests meet them from top to bottom, and so do answers on
  /// their way through the egress stage.
  package static let places: [Place] = [
    Place(
      RequestIdentifier.registration,
      "First, so that whatever is refused after it has an id to be asked about."),
    Place(RouteTimeouts.registration, "A deadline holds for everything behind it."),
    Place(
      SecureHeaders.registration,
      "On answers only: what a refusal says must be as safe as what a page says."),
    Place(Access.registration, "The cheapest refusal."),
    Place(
      CORS.registration,
      "Before anyone is asked who he is: a preflight never carries credentials."),
    Place(
      Limits.registration,
      "Keys that need no identity: refusing must cost less than anything that follows."),
    Place(Authentication.registration, "Who may pass."),
    Place(
      Limits.ofCallers,
      "Keys and tiers of callers: who is refused here was let in, and asks too often."),
    Place(Allow.registration, "What is allowed may depend on the caller."),
    Place(
      BodyLimit.registration, "Refuses by the declared length before anything is forwarded."),
    Place(
      Rewrite.registration,
      "Last of what changes a request, so that all before it saw the path that was matched."),
    Place(
      Upgrade.registration,
      "After all that may refuse a request or change it: a handshake is one like any other."),
    Place(
      Bulkhead.registration, "Closest to the upstream: what was refused before takes no place."),
    Place(Redirect.registration, "An action: it answers in place of an upstream."),
    Place(Respond.registration, "An action: it answers in place of an upstream."),
  ]

  package static let all: [Registration] = places.map(\.registration)

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
    all.filter { !$0.isCore }.map(\.declaration).reduce(into: []) { kept, declaration in
      // A policy may stand at two places of the chain, and has one declaration.
      let name = declaration.shape.directive
      if !kept.contains(where: { $0.shape.directive == name }) { kept.append(declaration) }
    } + IdentityKind.all.map(\.declaration)
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
