// Servers that are found while the gateway serves: they are read or asked for here, and handed to
// the workers. What cannot be read changes nothing.

import Configuration
import Engine
import Logging
import Upstreams

extension Control {
  /// How long a start or reload waits for the first answer about a service, in milliseconds.
  private static let serviceWait: UInt64 = 2_000

  /// Reads files of servers, and asks for services, that a new blueprint names.
  func discoverServers(of blueprint: Blueprint) async throws(ServerDiscovery.Refusal) {
    for definition in blueprint.upstreams {
      guard let source = definition.discovery else { continue }
      switch source {
      case .file(let path):
        let servers = try discovery.read(path)
        guard !servers.isEmpty || !definition.servers.isEmpty else {
          throw ServerDiscovery.Refusal(
            text: "\(path): upstream \(definition.name) has no server", isUnreadable: false)
        }
        discovery.inFiles[path] = servers
      case .service(let name): await startWatch(of: name)
      }
    }
  }

  /// Stops to watch what no upstream of the blueprint needs.
  func keepServices(of blueprint: Blueprint) { discovery.keep(blueprint.upstreams) }

  // MARK: Files

  /// Takes files of servers that have changed. Called four times a second.
  func refreshServerFiles() async {
    for definition in blueprint?.upstreams ?? [] {
      guard case .file(let path)? = definition.discovery, discovery.hasChanged(path) else {
        continue
      }
      do throws(ServerDiscovery.Refusal) {
        let servers = try discovery.read(path)
        guard !servers.isEmpty || !definition.servers.isEmpty else {
          throw ServerDiscovery.Refusal(
            text: "\(path) holds no server", isUnreadable: false)
        }
        discovery.inFiles[path] = servers
      } catch {
        let place = "upstream \(definition.name)"
        log.error("\(place): its new servers are refused, the old ones stay: \(error.text)")
      }
    }
    await publishServers()
  }

  // MARK: Services

  /// Watches a service, and waits for the first answer about it.
  private func startWatch(of name: String) async {
    guard discovery.watches[name] == nil else { return }
    let waiter = Waiter(on: loop)
    do throws(DNSLookupError) {
      var settings = ServiceWatch.Settings()
      settings.servers = nameServers
      let watch = try ServiceWatch(name, on: loop, settings: settings)
      watch.onChange = { [unowned self] places in
        self.assumeIsolated { $0.learned(places, of: name) }
      }
      let log = log
      watch.onFailure = { error in
        log.warning("looking up the service \(name) failed: \(error); its last places stay in use")
      }
      discovery.watches[name] = watch
      start { await watch.run() }
      await watch.firstAnswer(
        parking: waiter, until: loop.now.advanced(milliseconds: Self.serviceWait))
    } catch {
      log.error("the service \(name) cannot be looked up: \(error)")
    }
    waiter.retire()
  }

  private func learned(_ places: [ServicePlace], of name: String) {
    discovery.ofServices[name] = ServerDiscovery.servers(at: places)
    start { [self] in await publishServers() }
  }

  // MARK: Workers

  /// Tells the workers which servers there are now, where that has changed.
  func publishServers() async {
    guard phase == .serving else { return }
    discovery.mustPublish = true
    guard !discovery.isPublishing else { return }
    discovery.isPublishing = true
    while discovery.mustPublish, !discovery.isHeld {
      discovery.mustPublish = false
      for definition in blueprint?.upstreams ?? [] where definition.discovery != nil {
        let servers = compiler.servers(
          discovery.servers(of: definition), of: definition.name)
        guard servers != blueprint?.found[definition.name] else { continue }
        await publish(servers, of: definition)
      }
    }
    discovery.isPublishing = false
  }

  private func publish(_ found: [ServerDefinition], of definition: UpstreamDefinition) async {
    await learnNames(of: found)
    // A reload may have taken the upstream away meanwhile.
    guard let before = blueprint, before.upstreams.contains(definition),
      let shared = sharedUpstreams[definition.name]
    else { return }
    var next = before
    next.found[definition.name] = found
    next.addresses = addresses
    let servers = next.servers(of: definition)
    let names = servers.map(\.name)
    blueprint = next
    if let rule = definition.health { shared.prepare(names, by: rule, at: loop.now) }
    shared.join(names, at: loop.now)
    for thread in workers {
      do throws(GenerationError) {
        try await thread.worker.found(servers, of: definition.name, addresses: next.addresses)
      } catch {
        log.error("upstream \(definition.name): a worker cannot use its new servers: \(error.text)")
      }
    }
    shared.forget(except: Set(names))
    if definition.health != nil { check(servers, of: definition, shared) }
    if !discovery.isHeld { keepNames(of: next) }
    tell(names, after: before.servers(of: definition).map(\.name), of: definition.name)
  }

  private func tell(_ names: [String], after before: [String], of upstream: String) {
    let added = names.filter { !before.contains($0) }
    let removed = before.filter { !names.contains($0) }
    log.notice(
      "the servers of an upstream have changed",
      metadata: [
        "upstream": "\(upstream)", "servers": "\(names.count)",
        "added": "\(added.prefix(10).joined(separator: " "))",
        "removed": "\(removed.prefix(10).joined(separator: " "))",
      ])
  }
}
