// One configuration on one worker: route tables, chains and upstream pools, built from the
// blueprint. A reload builds the next one aside; exchanges in flight keep the chains that they
// started with.

import Configuration
import Engine
import Policies
import PolicyChain
import Routing
import TLS
import Transport
import Upstreams

/// What all workers share of the upstreams, by name, over all generations.
package typealias SharedUpstreams = [String: UpstreamShared]

/// Why a blueprint cannot be run: what `check` cannot see without opening files.
package enum GenerationError: Error {
  case routes(RouteTableError)
  case security(of: String, TLSSetupError)

  package var text: String {
    switch self {
    case .routes(let error): "the routes cannot be compiled: \(error)"
    case .security(let name, let error): "TLS of \(name): \(error.text)"
    }
  }
}

/// A worker's objects of one configuration.
final class Generation {
  private let listeners: [ListenerID: ListenerRuntime]
  /// By upstream name.
  let pools: [String: UpstreamPool]

  /// - Parameter previous: the generation before: pools of upstreams that did not change go on with
  ///   their connections.
  init(
    _ blueprint: Blueprint, previous: Generation?, shared: Worker.Shared,
    resources: WorkerResources, seed: UInt64
  ) throws(GenerationError) {
    var pools: [String: UpstreamPool] = [:]
    for definition in blueprint.upstreams {
      if let kept = previous?.pools[definition.name], kept.definition == definition {
        pools[definition.name] = kept
      } else {
        pools[definition.name] = try Self.pool(definition, shared.upstreams, resources)
      }
    }
    self.pools = pools
    for pool in pools.values { pool.resolve(with: blueprint.addresses) }
    let ordered = blueprint.upstreams.compactMap { pools[$0.name] }
    var listeners: [ListenerID: ListenerRuntime] = [:]
    for listener in blueprint.listeners {
      let builder = ListenerBuilder(
        listener, pools: ordered, clientAddress: blueprint.clientAddress,
        buckets: shared.buckets)
      let security = try Self.security(of: listener, resources, shared.ticketKeys)
      do throws(RouteTableError) {
        listeners[listener.id] = try builder.build(security: security, seed: seed)
      } catch { throw .routes(error) }
    }
    self.listeners = listeners
  }

  private static func pool(
    _ definition: UpstreamDefinition, _ shared: SharedUpstreams, _ resources: WorkerResources
  ) throws(GenerationError) -> UpstreamPool {
    do throws(TLSSetupError) {
      return try UpstreamPool(
        definition, shared: shared[definition.name] ?? UpstreamShared(), resources: resources)
    } catch { throw .security(of: definition.name, error) }
  }

  private static func security(
    of listener: ListenerBlueprint, _ resources: WorkerResources, _ keys: TicketKeys
  ) throws(GenerationError) -> TLSServerContext? {
    guard let security = listener.security else { return nil }
    do throws(TLSSetupError) {
      return try TLSServerContext(
        settings: security.settings, certificates: security.certificates, ticketKeys: keys,
        library: resources.library)
    } catch { throw .security(of: listener.name, error) }
  }

  func listener(_ id: ListenerID) -> ListenerRuntime? { listeners[id] }

  /// Closes the idle connections of pools that `next` does not go on with.
  func retire(after next: Generation) {
    for (name, pool) in pools where next.pools[name] !== pool { pool.retire() }
  }

  func sweep() {
    for pool in pools.values { pool.sweep() }
  }
}

/// Builds one listener's runtime.
struct ListenerBuilder {
  private let blueprint: ListenerBlueprint
  private let pools: [UpstreamPool]
  private let clientAddress: ClientAddressSettings
  private let buckets: [String: SharedBucket]

  init(
    _ blueprint: ListenerBlueprint, pools: [UpstreamPool], clientAddress: ClientAddressSettings,
    buckets: [String: SharedBucket]
  ) {
    self.buckets = buckets
    self.blueprint = blueprint
    self.pools = pools
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
    ListenerRuntime.ScopeChains(
      notFound: chain(
        policies,
        blueprint.redirectsToHTTPS ? HTTPSRedirect() : RefusingDestination(.noRoute),
        parameterNames: []),
      methodNotAllowed: chain(policies, RefusingDestination(.methodNotAllowed), parameterNames: []))
  }

  private func chain(_ route: RouteBlueprint) -> PolicyChain {
    switch route.action {
    case .forward(let shares):
      let forwarder = Forwarder(
        shares: shares.map { Forwarder.Share(pool: pools[$0.upstream], weight: $0.share) })
      return chain(route.policies, forwarder, parameterNames: route.parameterNames)
    case .answer:
      return chain(route.policies, nil, parameterNames: route.parameterNames)
    }
  }

  private func chain(
    _ policies: [PolicyBlueprint], _ destination: (any Destination)?, parameterNames: [String]
  ) -> PolicyChain {
    let context = ChainContext(
      isSecure: blueprint.security != nil, parameterNames: parameterNames, buckets: buckets)
    var steps: [PolicyChain.Step] = StandardPolicies.unconditional(clientAddress).map {
      .admission($0)
    }
    var egress: [any Egress] = []
    var answering: (any Destination)?
    for policy in policies {
      let parts = policy.registration.build(policy.settings, context)
      if let admission = parts.admission { steps.append(.admission(admission)) }
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
