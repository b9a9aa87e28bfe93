// What `check --resolve` finds of the names that upstreams have: whether they lead anywhere now,
// asked for by the gateway's own resolver.

import Bytes
import Configuration
import Engine
import Policies
import Upstreams

/// Looks up the names of a config, all at once, on a loop of its own.
final class NameCheck: Sendable {
  /// Milliseconds for all names together: more than one server takes to be found silent.
  private static let timeout: UInt64 = 10_000

  private let problems = Locked<[String: String]>([:])

  func findings(in configuration: EffectiveConfiguration) throws(CommandFailure) -> [Diagnostic] {
    let places = NameCheck.names(in: configuration)
    guard !places.isEmpty else { return [] }
    let names = places.map(\.name)
    var settings = Resolver.Settings()
    settings.servers = configuration.resolver.list
    do throws(SystemError) {
      let loop = try EventLoop()
      let host = LoopHost(on: loop)
      loop.post { [settings] in host.assumeIsolated { self.begin(names, settings, on: $0) } }
      loop.run()
    } catch {
      throw CommandFailure(.system, "names cannot be looked up: \(error)")
    }
    let found = problems.withLock { $0 }
    return places.compactMap { place in
      found[place.name].map { Diagnostic(.unresolved, $0, at: place.location) }
    }
  }

  /// Each name with the upstream or identity that has it first.
  private static func names(
    in configuration: EffectiveConfiguration
  ) -> [(name: String, location: SourceLocation)] {
    var seen: Set<String> = []
    var names: [(name: String, location: SourceLocation)] = []
    for upstream in configuration.upstreams {
      for server in upstream.servers {
        guard case .name(let name, _) = server.endpoint, seen.insert(name).inserted else {
          continue
        }
        names.append((name, upstream.location))
      }
    }
    for identity in configuration.identities {
      guard let url = IdentityKind.of(identity).published(identity.settings)?.url,
        IPAddress(parsing: url.host) == nil, seen.insert(url.host).inserted
      else { continue }
      names.append((url.host, identity.location))
    }
    return names
  }

  private func begin(_ names: [String], _ settings: Resolver.Settings, on host: LoopHost) {
    let start = TaskStarter(for: host)
    let loop = host.loop
    do throws(DNSLookupError) {
      let resolver = try Resolver(on: loop, settings: settings)
      start {
        await resolver.run()
        loop.stop()
      }
      start { await self.lookUp(names, with: resolver, on: loop) }
    } catch {
      let problem = "names cannot be looked up: \(NameCheck.phrase(.failed(error)))"
      problems.withLock { $0 = Dictionary(names.map { ($0, problem) }, uniquingKeysWith: { $1 }) }
      loop.stop()
    }
  }

  private func lookUp(_ names: [String], with resolver: Resolver, on loop: EventLoop) async {
    // All are asked for at once; then each answer is waited for in its turn.
    let refused = resolver.keep(Set(names))
    let waiter = Waiter(on: loop)
    let deadline = loop.now.advanced(milliseconds: NameCheck.timeout)
    for name in names {
      do throws(ResolutionError) {
        if refused.contains(name) { throw .badName }
        _ = try await resolver.resolve(name, parking: waiter, until: deadline)
      } catch {
        let problem = "'\(name)' cannot be resolved: \(NameCheck.phrase(error))"
        problems.withLock { $0[name] = problem }
      }
    }
    waiter.retire()
    resolver.stop()
  }

  private static func phrase(_ error: ResolutionError) -> String {
    switch error {
    case .noAddress: "it does not exist, or has no address"
    case .failed(.noResponse), .timedOut: "no name server answered in time"
    case .failed(.noServer): "no name server can be reached"
    case .failed(.answer): "the name server's answer cannot be read"
    case .failed(.library(let status)): "the resolver failed with status \(status)"
    case .cancelled: "the lookup was stopped"
    case .tooManyNames: "the config has more names than are looked up"
    case .badName: "it is no name that can be asked for"
    case .hostsFile(let number): "the hosts file cannot be read (error \(number))"
    }
  }
}
