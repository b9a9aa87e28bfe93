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
  /// By server; empty for clear text.
  private let contexts: [TLSClientContext]
  private let addresses: (String) -> [IPAddress]
  private let random: () -> Double
  private var waiters: [Waiter] = []

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
    // Where TLS chooses the protocol, it chooses the one that a check speaks.
    contexts = try definition.clientContexts(
      speaking: [definition.version == .http2 ? .http2 : .http1], library: resources.library)
  }

  package func start(_ start: TaskStarter) {
    for index in definition.servers.indices {
      let waiter = Waiter(on: resources.loop)
      waiters.append(waiter)
      start { [self] in await check(index, waiter) }
    }
  }

  /// Ends all checks; what they found stays.
  package func stop() {
    for waiter in waiters { waiter.cancel() }
  }

  private func check(_ index: Int, _ waiter: Waiter) async {
    let server = definition.servers[index]
    let state = shared.server(server.name)
    let probe = HealthProbe(rule, resources: resources, waiter: waiter)
    var machine = HealthMachine(state.health, isChecked: state.isChecked)
    var turn = 0
    // The first check comes soon, but not in step with those of all other servers.
    var pause = Double(min(rule.every, 200)) * random()
    while await waiter.sleep(milliseconds: UInt64(pause)) != .cancelled {
      let began = resources.loop.now
      let fault = await ask(server, index, probe, turn)
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
    _ server: ServerDefinition, _ index: Int, _ probe: HealthProbe, _ turn: Int
  ) async -> String? {
    let address: SocketAddress
    switch server.host {
    case .address(let known): address = known
    case .name(let name, let port):
      let known = addresses(name)
      guard !known.isEmpty else { return "its name has no address" }
      address = .ip(known[turn % known.count], port: port)
    }
    return await probe.check(
      address, context: contexts.isEmpty ? nil : contexts[index],
      host: definition.checkHost(of: server))
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
