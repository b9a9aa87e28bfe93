// One configuration on one worker: route tables, chains and upstream pools, built from the
// blueprint. A reload builds the next one aside; exchanges in flight keep the chains that they
// started with.

import Configuration
import Engine
import Policies
import PolicyChain
import RedisStore
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
  case identity(String, CredentialProblem)

  package var text: String {
    switch self {
    case .routes(let error): "the routes cannot be compiled: \(error)"
    case .security(let name, let error): "TLS of \(name): \(error.text)"
    case .identity(let name, let problem): "identity \(name): \(problem.text)"
    }
  }
}

/// A worker's objects of one configuration.
final class Generation {
  private let listeners: [ListenerID: ListenerRuntime]
  /// By upstream name.
  let pools: [String: UpstreamPool]
  /// Connections to the stores of limits, by name.
  let stores: [String: RedisClient]
  /// By identity name.
  let verifiers: [String: any IdentityVerifier]

  /// - Parameter previous: the generation before: pools of upstreams that did not change go on with
  ///   their connections.
  init(
    _ blueprint: Blueprint, previous: Generation?, shared: Worker.Shared,
    resources: WorkerResources, index: Int, seed: UInt64, start: TaskStarter
  ) throws(GenerationError) {
    var pools: [String: UpstreamPool] = [:]
    for definition in blueprint.upstreams {
      if let kept = previous?.pools[definition.name], kept.definition == definition {
        try Self.replaceServers(of: kept, with: blueprint.servers(of: definition))
        pools[definition.name] = kept
      } else {
        pools[definition.name] = try Self.pool(
          definition, blueprint.servers(of: definition), shared.upstreams, resources)
      }
    }
    self.pools = pools
    for pool in pools.values { pool.resolve(with: blueprint.addresses) }
    verifiers = try Self.verifiers(of: blueprint, shared.desks, resources)
    stores = try Self.stores(blueprint, previous, shared, resources, index: index)
    let airlock = AirlockRules(blueprint, verifiers, bulkheads: shared.bulkheads)
    let ordered = blueprint.upstreams.compactMap { pools[$0.name] }
    var listeners: [ListenerID: ListenerRuntime] = [:]
    for listener in blueprint.listeners {
      let builder = ListenerBuilder(
        listener, pools: ordered, verifiers: verifiers, airlock: airlock,
        clientAddress: blueprint.clientAddress, buckets: shared.buckets,
        bulkheads: shared.bulkheads, stores: stores, start: start)
      let security = try Self.security(of: listener, resources, shared.ticketKeys)
      do throws(RouteTableError) {
        listeners[listener.id] = try builder.build(security: security, seed: seed)
      } catch { throw .routes(error) }
    }
    self.listeners = listeners
  }

  private static func pool(
    _ definition: UpstreamDefinition, _ servers: [ServerDefinition], _ shared: SharedUpstreams,
    _ resources: WorkerResources
  ) throws(GenerationError) -> UpstreamPool {
    do throws(TLSSetupError) {
      return try UpstreamPool(
        definition, servers: servers, shared: shared[definition.name] ?? UpstreamShared(),
        resources: resources)
    } catch { throw .security(of: definition.name, error) }
  }

  /// Goes on with other servers of an upstream.
  static func replaceServers(
    of pool: UpstreamPool, with servers: [ServerDefinition]
  ) throws(GenerationError) {
    do throws(TLSSetupError) { try pool.replaceServers(with: servers) } catch {
      throw .security(of: pool.definition.name, error)
    }
  }

  /// Clients of stores that did not change keep their connections.
  private static func stores(
    _ blueprint: Blueprint, _ previous: Generation?, _ shared: Worker.Shared,
    _ resources: WorkerResources, index: Int
  ) throws(GenerationError) -> [String: RedisClient] {
    var stores: [String: RedisClient] = [:]
    for definition in blueprint.stores {
      let name = definition.name
      if let kept = previous?.stores[name], kept.definition == definition {
        stores[name] = kept
      } else if let health = shared.stores[name] {
        do throws(TLSSetupError) {
          stores[name] = try RedisClient(
            definition, health: health, worker: index, resources: resources)
        } catch { throw .security(of: name, error) }
      }
      stores[name]?.resolve(with: blueprint.addresses)
    }
    return stores
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

  private static func verifiers(
    of blueprint: Blueprint, _ desks: [String: KeyDesk], _ resources: WorkerResources
  ) throws(GenerationError) -> [String: any IdentityVerifier] {
    var verifiers: [String: any IdentityVerifier] = [:]
    let roles = RoleTable(blueprint.roles)
    for identity in blueprint.identities {
      let context = VerifierContext(
        label: identity.label, library: resources.library, desk: desks[identity.name],
        roles: roles)
      do throws(CredentialProblem) {
        verifiers[identity.name] = try identity.kind.build(
          identity.settings, identity.material, context)
      } catch { throw .identity(identity.name, error) }
    }
    return verifiers
  }

  func listener(_ id: ListenerID) -> ListenerRuntime? { listeners[id] }

  /// Closes the idle connections of pools that `next` does not go on with.
  func retire(after next: Generation) {
    for (name, pool) in pools where next.pools[name] !== pool { pool.retire() }
    for (name, client) in stores where next.stores[name] !== client { client.retire() }
  }

  func sweep() {
    for pool in pools.values { pool.sweep() }
  }
}
