// Active checks of one upstream: a task for each server, on Control's loop, so that a worker that
// is busy makes no server look ill.

import Bytes
import Engine
import TLS
import Transport

/// Checks the servers of an upstream until it is stopped.
package final class HealthChecker {
  package let definition: UpstreamDefinition
  private let rule: HealthRule
  private let shared: UpstreamShared
  private let resources: WorkerResources
  private let contexts: ServerContexts
  private let addresses: (String) -> [IPAddress]
  private let random: () -> Double
  /// The tasks of the servers that are checked, by what parks them.
  private var waiters: [ServerDefinition: Waiter] = [:]

  /// - Parameters:
  ///   - addresses: what a name stands for now.
  ///   - random: from 0 to 1, for the jitter.
  package init?(
    _ definition: UpstreamDefinition, shared: UpstreamShared, resources: WorkerResources,
    addresses: @escaping (String) -> [IPAddress], random: @escaping () -> Double
  ) throws(TLSSetupError) {
    guard let rule = definition.health else { return nil }
    self.definition = definition
    self.rule = rule
    self.shared = shared
    self.resources = resources
    self.addresses = addresses
    self.random = random
    contexts = try ServerContexts(definition, library: resources.library)
  }

  /// Checks these servers from now on. Those that were checked before go on as they were.
  package func check(
    _ servers: [ServerDefinition], _ start: TaskStarter
  ) throws(TLSSetupError) {
    for (server, waiter) in waiters where !servers.contains(server) {
      waiter.cancel()
      waiters[server] = nil
    }
    for server in servers where waiters[server] == nil {
      let waiter = Waiter(on: resources.loop)
      let asking = try makeAsking(server, waiter)
      waiters[server] = waiter
      start { [self] in await check(server, asking, waiter) }
    }
  }

  /// How a server is asked once.
  private enum Asking {
    case alone(HealthProbe, TLSClientContext?)
    case exchange(ExchangeProbe)
  }

  private func makeAsking(
    _ server: ServerDefinition, _ waiter: Waiter
  ) throws(TLSSetupError) -> Asking {
    let isHTTP2 = definition.version == .http2
    if rule.grpc != nil || (isHTTP2 && rule.path != nil) {
      return .exchange(
        try ExchangeProbe(
          rule, server: server, of: definition, resources: resources, waiter: waiter))
    }
    // Where TLS chooses the protocol, it chooses the one that a check speaks.
    return .alone(
      HealthProbe(rule, resources: resources, waiter: waiter),
      try contexts.context(for: server, speaking: [isHTTP2 ? .http2 : .http1]))
  }

  /// Ends all checks; what they found stays.
  package func stop() {
    for waiter in waiters.values { waiter.cancel() }
    waiters = [:]
  }

  private func check(
    _ server: ServerDefinition, _ asking: Asking, _ waiter: Waiter
  ) async {
    let state = shared.server(server.name)
    var machine = HealthMachine(state.health, isChecked: state.isChecked)
    var turn = 0
    // The first check comes soon, but not in step with those of all other servers.
    var pause = Double(min(rule.every, 200)) * random()
    while await waiter.sleep(milliseconds: UInt64(pause)) != .cancelled {
      let began = resources.loop.now
      let fault = await ask(server, asking, turn)
      guard !waiter.isCancelled else { break }
      turn &+= 1
      state.checkEnded(isGood: fault == nil)
      if let health = machine.ended(isGood: fault == nil, by: rule) {
        state.found(health, at: resources.loop.now)
        shared.events.add(
          UpstreamEvent(
            server: server.name, change: .checked(health, fault: fault)))
      }
      let spent = Double(resources.loop.now.since(began)) / 1_000_000
      pause = max(0, Double(rule.every) * (0.9 + 0.2 * random()) - spent)
    }
    waiter.retire()
  }

  private func ask(
    _ server: ServerDefinition, _ asking: Asking, _ turn: Int
  ) async -> String? {
    let address: SocketAddress
    switch server.host {
    case .address(let known): address = known
    case .name(let name, let port):
      let known = addresses(name)
      guard !known.isEmpty else { return "its name has no address" }
      address = .ip(known[turn % known.count], port: port)
    }
    let host = definition.checkHost(of: server)
    switch asking {
    case .alone(let probe, let context):
      return await probe.check(address, context: context, host: host)
    case .exchange(let probe): return await probe.check(address, host: host)
    }
  }
}

extension UpstreamDefinition {
  /// What a check says in Host: the name that requests go by, where the config has one.
  fileprivate func checkHost(of server: ServerDefinition) -> String {
    switch hostRule {
    case .fixed(let name): String(decoding: name, as: UTF8.self)
    case .preserve, .upstream: security?.serverName ?? server.hostField
    }
  }
}

extension ServerDefinition {
  /// Host and port as a Host field takes them; a unix socket has no name to give.
  fileprivate var hostField: String {
    if case .address(.unix) = host { "localhost" } else { name }
  }
}
