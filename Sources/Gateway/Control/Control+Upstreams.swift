// What Control does for the servers of upstreams: it tells what happened to them, takes the share
// of errors, and reads how they are.

import Configuration
import Engine
import Logging
import Telemetry
import Transport
import Upstreams

extension Control {
  /// Between two looks at the servers, in milliseconds.
  private static let lookInterval: UInt64 = 250

  /// Looks after the servers until the end.
  func watchUpstreams() async {
    while await upstreamWatcher.sleep(milliseconds: Self.lookInterval) != .cancelled {
      for definition in blueprint?.upstreams ?? [] { look(at: definition) }
      if phase == .serving { await refreshServerFiles() }
    }
  }

  private func look(at definition: UpstreamDefinition) {
    guard let shared = sharedUpstreams[definition.name], let blueprint else { return }
    detectors[definition.name, default: OutlierDetector()].examine(
      shared, servers: blueprint.servers(of: definition).map(\.name), by: definition.outlier,
      at: loop.now)
    shared.sampleRetries(at: loop.now)
    let (events, lost) = shared.events.take()
    for event in events { tell(event, of: definition.name) }
    if lost > 0 { log.warning("upstream \(definition.name): \(lost) events were not told") }
  }

  private func tell(_ event: UpstreamEvent, of upstream: String) {
    var details: Logger.Metadata = ["upstream": "\(upstream)"]
    if !event.server.isEmpty { details["server"] = "\(event.server)" }
    switch event.change {
    case .ejected(let cause, let milliseconds):
      details["cause"] =
        switch cause {
        case .consecutive(let count): "\(count) failures in a row"
        case .share(let failed, let all): "\(failed) of \(all) requests failed"
        case .slow(let own, let peers): "answers after \(own) us, its peers after \(peers) us"
        }
      details["for"] = "\(milliseconds)ms"
      log.warning("a server is ejected", metadata: details)
    case .checked(let health, let fault):
      if let fault { details["cause"] = "\(fault)" }
      if health == .healthy {
        log.notice("a server is healthy", metadata: details)
      } else {
        log.warning("a server is unhealthy", metadata: details)
      }
    case .breaker(let before, let after):
      details["from"] = "\(before.rawValue)"
      details["to"] = "\(after.rawValue)"
      if after == .open {
        log.warning("a breaker opens", metadata: details)
      } else {
        log.notice("a breaker changes", metadata: details)
      }
    }
  }

  // MARK: Active checks

  /// Takes servers that are new for what `start=` says, before any worker knows them.
  func prepareChecks(of blueprint: Blueprint) {
    for definition in blueprint.upstreams {
      guard let rule = definition.health, let shared = sharedUpstreams[definition.name] else {
        continue
      }
      shared.prepare(blueprint.servers(of: definition).map(\.name), by: rule, at: loop.now)
    }
  }

  /// Checks what the blueprint wants checked. Upstreams that did not change go on as they are.
  func keepChecks(of blueprint: Blueprint) {
    for (name, checker) in checkers {
      if blueprint.upstreams.contains(checker.definition) { continue }
      checker.stop()
      checkers[name] = nil
    }
    for definition in blueprint.upstreams {
      guard let shared = sharedUpstreams[definition.name] else { continue }
      if definition.health == nil {
        shared.endChecks()
      } else {
        check(blueprint.servers(of: definition), of: definition, shared)
      }
    }
  }

  /// Checks these servers of an upstream from now on, and no others.
  func check(
    _ servers: [ServerDefinition], of definition: UpstreamDefinition, _ shared: UpstreamShared
  ) {
    do {
      guard let checker = try checkers[definition.name] ?? makeChecker(definition, shared) else {
        return
      }
      checkers[definition.name] = checker
      try checker.check(servers, TaskStarter(for: self))
    } catch {
      // The workers made the same contexts a moment ago. Unchecked servers are used.
      shared.endChecks()
      log.error("upstream \(definition.name) cannot be checked: \(error)")
    }
  }

  private func makeChecker(
    _ definition: UpstreamDefinition, _ shared: UpstreamShared
  ) throws -> HealthChecker? {
    let resources = try checkResources ?? startCheckResources()
    return try HealthChecker(
      definition, shared: shared, resources: resources,
      addresses: { [unowned self] name in self.assumeIsolated { $0.addresses[name] ?? [] } },
      random: { .random(in: 0..<1) })
  }

  /// What checks share: made with the first of them.
  private func startCheckResources() throws -> WorkerResources {
    let resources = try WorkerResources(loop: loop)
    checkResources = resources
    start { await resources.turns.run() }
    return resources
  }

  func endChecks() {
    checkResources?.turns.stop()
    for checker in checkers.values { checker.stop() }
    checkers = [:]
  }

  /// Forgets what no config has any more.
  func forgetUpstreams(except blueprint: Blueprint) {
    let names = Set(blueprint.upstreams.map(\.name))
    detectors = detectors.filter { names.contains($0.key) }
    for definition in blueprint.upstreams {
      sharedUpstreams[definition.name]?
        .forget(except: Set(blueprint.servers(of: definition).map(\.name)))
    }
  }
}
