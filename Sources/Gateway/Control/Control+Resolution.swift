// Names of upstream servers: looked up here, on Control's loop, and handed to the workers as
// addresses. A lookup that fails changes nothing: the last answer stays in use.

import Bytes
import Engine
import PolicyChain
import Upstreams

extension Control {
  /// How long a start or reload waits for names, in milliseconds. What is unknown then is refused
  /// with 502 until it is known.
  private static let startWait: UInt64 = 2_000

  /// Keeps the names of the blueprint's servers fresh, and fills in what is known of them.
  func resolveNames(of blueprint: Blueprint) async throws(StartFailure) -> Blueprint {
    let names = Self.names(of: blueprint)
    if names.isEmpty, resolver == nil { return blueprint }
    let resolver = try startResolver()
    // The names of the config that still serves are kept too: the new one may yet be refused.
    let present = self.blueprint.map { Self.names(of: $0) } ?? []
    for name in resolver.keep(names.union(present)) {
      log.error("the name \(name) cannot be looked up: it is no host name, or one too many")
    }
    let waiter = Waiter(on: loop)
    let deadline = loop.now.advanced(milliseconds: Self.startWait)
    for name in names where addresses[name] == nil {
      do throws(ResolutionError) {
        addresses[name] = try await resolver.resolve(name, parking: waiter, until: deadline)
          .addresses
      } catch {
        log.warning("the name \(name) is not resolved yet: \(error)")
      }
    }
    waiter.retire()
    var filled = blueprint
    filled.addresses = addresses
    return filled
  }

  /// Forgets names that only the config before had.
  func keepNames(of blueprint: Blueprint) {
    let names = Self.names(of: blueprint)
    _ = resolver?.keep(names)
    addresses = addresses.filter { names.contains($0.key) }
  }

  static func names(of blueprint: Blueprint) -> Set<String> {
    var names = Set<String>()
    for server in blueprint.upstreams.flatMap(\.servers) {
      if case .name(let name, _) = server.host { names.insert(name) }
    }
    for identity in blueprint.identities {
      guard let url = identity.kind.published(identity.settings)?.url,
        Bytes.IPAddress(url.host) == nil
      else { continue }
      names.insert(url.host)
    }
    for store in blueprint.stores {
      if case .name(let name, _) = store.host { names.insert(name) }
    }
    return names
  }

  private func startResolver() throws(StartFailure) -> Resolver {
    if let resolver { return resolver }
    let fresh: Resolver
    do throws(DNSLookupError) {
      fresh = try Resolver(on: loop, settings: Resolver.Settings())
    } catch {
      throw StartFailure(.system, "names cannot be resolved: \(error)")
    }
    let log = log
    fresh.onChange = { [unowned self] name, addresses in
      self.assumeIsolated { $0.changed(name, to: addresses) }
    }
    fresh.onFailure = { name, error, last in
      let meanwhile = last == nil ? "it has no address" : "its last addresses stay in use"
      log.warning("looking up \(name) failed: \(error); \(meanwhile)")
    }
    resolver = fresh
    start { await fresh.run() }
    return fresh
  }

  private func changed(_ name: String, to addresses: [IPAddress]) {
    self.addresses[name] = addresses
    blueprint?.addresses[name] = addresses
    let workers = workers.map(\.worker)
    start { for worker in workers { await worker.resolved(name, to: addresses) } }
  }
}
