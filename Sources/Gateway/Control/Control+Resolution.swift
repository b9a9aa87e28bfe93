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
    await lookUp(names, with: resolver)
    var filled = blueprint
    filled.addresses = addresses
    return filled
  }

  /// Waits for names that are not known yet, for a bounded time.
  private func lookUp(_ names: Set<String>, with resolver: Resolver) async {
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
  }

  /// Learns the names of servers that were found, before anybody is sent there.
  func learnNames(of servers: [ServerDefinition]) async {
    var names = Set<String>()
    for server in servers {
      if case .name(let name, _) = server.host { names.insert(name) }
    }
    guard !names.isEmpty else { return }
    do throws(StartFailure) {
      let resolver = try startResolver()
      let present = blueprint.map { Self.names(of: $0) } ?? []
      for name in resolver.keep(names.union(present)) {
        log.error("the name \(name) cannot be looked up: it is no host name, or one too many")
      }
      await lookUp(names, with: resolver)
    } catch { log.error("\(error.text)") }
  }

  /// Forgets names that only the config before had.
  func keepNames(of blueprint: Blueprint) {
    let names = Self.names(of: blueprint)
    _ = resolver?.keep(names)
    addresses = addresses.filter { names.contains($0.key) }
  }

  static func names(of blueprint: Blueprint) -> Set<String> {
    var names = Set<String>()
    for server in blueprint.upstreams.flatMap({ blueprint.servers(of: $0) }) {
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
      var settings = Resolver.Settings()
      settings.servers = nameServers
      fresh = try Resolver(on: loop, settings: settings)
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
