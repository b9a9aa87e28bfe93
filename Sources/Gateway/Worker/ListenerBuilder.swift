// From a listener's blueprint to what serves its requests: route table and chains.

import Configuration
import Engine
import Policies
import PolicyChain
import Routing
import TLS
import Upstreams

/// Builds one listener's runtime.
struct ListenerBuilder {
  private let blueprint: ListenerBlueprint
  private let pools: [UpstreamPool]
  private let verifiers: [String: any IdentityVerifier]
  private let airlock: AirlockRules
  private let clientAddress: ClientAddressSettings
  private let buckets: [String: SharedBucket]
  private let bulkheads: BulkheadRegistry
  private let stores: [String: any LimitStore]
  private let start: TaskStarter

  init(
    _ blueprint: ListenerBlueprint, pools: [UpstreamPool],
    verifiers: [String: any IdentityVerifier], airlock: AirlockRules,
    clientAddress: ClientAddressSettings, buckets: [String: SharedBucket],
    bulkheads: BulkheadRegistry, stores: [String: any LimitStore],
    start: TaskStarter
  ) {
    self.start = start
    self.buckets = buckets
    self.bulkheads = bulkheads
    self.stores = stores
    self.blueprint = blueprint
    self.pools = pools
    self.verifiers = verifiers
    self.airlock = airlock
    self.clientAddress = clientAddress
  }

  func build(security: TLSServerContext?, seed: UInt64) throws(RouteTableError) -> ListenerRuntime {
    let table = try RouteTable(
      routes: blueprint.routes.map(\.matches),
      scopes: blueprint.scopes.map { RouteScope(matches: $0.matches, parent: $0.parent) },
      listener: RouteListener(
        name: blueprint.name,
        servesNamedOnly: blueprint.servesNamedOnly || blueprint.redirectsToHTTPS),
      seed: seed)
    return ListenerRuntime(
      id: blueprint.id, name: blueprint.name, limits: blueprint.limits,
      security: security, table: table,
      routes: blueprint.routes.map { ListenerRuntime.Route(label: $0.label, chain: chain($0)) },
      scopes: blueprint.scopes.map { scope($0.policies) }, outermost: scope(blueprint.outermost),
      own: ListenerRuntime.OwnChains(
        trace: chain(
          blueprint.outermost, RefusingDestination(.traceNotServed), parameterNames: []),
        options: chain(blueprint.outermost, EmptyAnswer(), parameterNames: []),
        misdirected: chain(
          blueprint.outermost, RefusingDestination(.misdirected), parameterNames: [])))
  }

  private func scope(_ policies: [PolicyBlueprint]) -> ListenerRuntime.ScopeChains {
    // Nobody is asked for a credential in clear text: the redirect tells nothing.
    let open = policies.filter { $0.registration.stage != .identity }
    return ListenerRuntime.ScopeChains(
      notFound: blueprint.redirectsToHTTPS
        ? chain(open, HTTPSRedirect(), parameterNames: [])
        : chain(policies, RefusingDestination(.noRoute), parameterNames: []),
      methodNotAllowed: chain(policies, RefusingDestination(.methodNotAllowed), parameterNames: []))
  }

  private func chain(_ route: RouteBlueprint) -> PolicyChain {
    switch route.action {
    case .forward(let forward):
      let forwarder = Forwarder(
        shares: forward.shares.map { Forwarder.Share(pool: pools[$0.upstream], weight: $0.share) },
        sticky: forward.sticky, retry: forward.retry,
        fallback: forward.fallback.map { fallback($0) },
        mirrors: forward.mirrors.map {
          Mirror(to: pools[$0.upstream], share: $0.share, start: start)
        }, parameterNames: route.parameterNames)
      return chain(route.policies, forwarder, parameterNames: route.parameterNames)
    case .answer:
      return chain(route.policies, nil, parameterNames: route.parameterNames)
    }
  }

  private func fallback(_ fallback: ForwardBlueprint.Fallback) -> Forwarder.Fallback {
    switch fallback {
    case .upstream(let index): .upstream(pools[index])
    case .answer(let settings): .answer(Respond(settings))
    }
  }

  private func chain(
    _ policies: [PolicyBlueprint], _ destination: (any Destination)?, parameterNames: [String]
  ) -> PolicyChain {
    let context = ChainContext(
      isSecure: blueprint.security != nil,
      keepsAmbiguousNames: blueprint.limits.rules.underscores == .keep, verifiers: verifiers,
      parameterNames: parameterNames, buckets: buckets, bulkheads: bulkheads, stores: stores)
    let unconditional = StandardPolicies.unconditional(
      airlock.airlock(policies, context), clientAddress)
    var steps: [PolicyChain.Step] = unconditional.map { .admission($0) }
    var egress: [any Egress] = []
    var answering: (any Destination)?
    for policy in policies {
      let parts = policy.parts(in: context)
      if let admission = parts.admission { steps.append(.admission(admission)) }
      if let deliberation = parts.deliberation { steps.append(.deliberation(deliberation)) }
      if let wrapping = parts.wrapping { steps.append(.wrapping(wrapping)) }
      if let part = parts.egress { egress.append(part) }
      if let part = parts.destination { answering = part }
    }
    guard let innermost = destination ?? answering else {
      preconditionFailure("A route that is no forward has a policy that answers.")
    }
    return PolicyChain(steps: steps, egress: egress, destination: innermost)
  }
}
