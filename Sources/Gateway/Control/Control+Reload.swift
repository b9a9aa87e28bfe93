// A new config while the old one serves: compiled aside, then swapped whole. Whatever is wrong with
// it, nothing changes.

import Configuration
import Engine
import PolicyChain
import Telemetry

extension Control {
  /// Why a reload was refused.
  struct ReloadRefusal: Error {
    let text: String
  }

  /// Takes the config again: HUP.
  func reload() async {
    guard phase == .serving else { return }
    do throws(ReloadRefusal) {
      try await takeConfiguration()
      metrics.reloadsSucceeded += 1
      log.notice("reloaded", metadata: ["config": "\(metrics.configHash)"])
    } catch {
      metrics.reloadsFailed += 1
      metrics.isLastReloadGood = false
      log.error("the new config is refused, the old one keeps serving: \(error.text)")
    }
  }

  private func takeConfiguration() async throws(ReloadRefusal) {
    let reading: ConfigurationReader.Reading
    do throws(ConfigurationReader.Refusal) {
      reading = try ConfigurationReader(path: configurationPath, library: library).read()
    } catch {
      switch error {
      case .unreadable(let text), .invalid(let text): throw ReloadRefusal(text: text)
      }
    }
    let before = configuration
    try await serve(reading.configuration, hash: reading.hash)
    accepted(reading)
    noteExpiries()
    if let before { warnOfRestart(from: before, to: reading.configuration) }
    logWriter?.reopen()
  }

  /// What only a new process can change is said, not passed over.
  private func warnOfRestart(
    from old: EffectiveConfiguration, to new: EffectiveConfiguration
  ) {
    var kept: [String] = []
    if old.workers != new.workers { kept.append("workers") }
    if old.user != new.user { kept.append("user") }
    if old.resolver.servers != new.resolver.servers { kept.append("resolver") }
    if old.admin?.binds != new.admin?.binds { kept.append("admin") }
    guard !kept.isEmpty else { return }
    log.warning("a change of \(kept.joined(separator: ", ")) takes effect at the next start")
  }

  /// Compiles a config, opens what it needs, and hands it to the workers.
  func serve(_ next: EffectiveConfiguration, hash: String) async throws(ReloadRefusal) {
    discovery.isHeld = true
    defer { discovery.isHeld = false }
    try await exchange(for: next, hash: hash)
    discovery.isHeld = false
    // What was found while the workers took the config.
    await publishServers()
  }

  private func exchange(
    for next: EffectiveConfiguration, hash: String
  ) async throws(ReloadRefusal) {
    var security = security
    var compiler = compiler
    let material: SecurityMaterial
    do throws(SecurityReader.Refusal) {
      material = try security.read(next)
    } catch { throw ReloadRefusal(text: error.text) }
    var credentials = credentials
    let keys = try readKeys(of: next, material, by: &credentials)
    let compiled = compiler.compile(
      next, security: material, credentials: keys.material, hash: hash)
    let blueprint = try await complete(compiled, with: &compiler)
    let fresh: [ListenerSockets.Key: [Int32]]
    do throws(ListenerSockets.Refusal) {
      fresh = try sockets.prepare(blueprint.listeners, workers: workers.count)
    } catch { throw ReloadRefusal(text: error.text) }
    var writer = logWriter
    let movesLog = movesLog(next)
    do throws(StartFailure) {
      if movesLog { writer = try openLog(next) }
    } catch {
      ListenerSockets.discard(fresh)
      throw ReloadRefusal(text: error.text)
    }
    addSharedUpstreams(of: blueprint)
    prepareChecks(of: blueprint)
    let earlier = buckets
    let earlierStores = stores
    let earlierKeepers = keepers
    keepers = keys.keepers
    buckets.adopt(blueprint, next.stores, ids: &compiler, library: library)
    stores.adopt(blueprint.stores)
    self.compiler = compiler
    do throws(GenerationError) {
      // The first worker shows whether it can be built; the others do the same work.
      for thread in workers { try await thread.worker.adopt(blueprint, shared: shared) }
    } catch {
      buckets = earlier
      stores = earlierStores
      keepers = earlierKeepers
      ListenerSockets.discard(fresh)
      if movesLog { _ = writer?.stop(milliseconds: 0) }
      throw ReloadRefusal(text: error.text)
    }
    self.security = security
    self.credentials = credentials
    if movesLog { await exchangeLog(with: writer) }
    await exchangeSockets(fresh, for: blueprint)
    configuration = next
    self.blueprint = blueprint
    keepNames(of: blueprint)
    keepServices(of: blueprint)
    forgetUpstreams(except: blueprint)
    keepChecks(of: blueprint)
    keepKeys(insteadOf: earlierKeepers)
    await handKeys(newerThan: keys.times)
  }

  /// The keys of a config's identities, and who keeps those that are published.
  private func readKeys(
    of next: EffectiveConfiguration, _ security: SecurityMaterial,
    by reader: inout CredentialReader
  ) throws(ReloadRefusal) -> (
    material: CredentialMaterial, keepers: [String: KeyKeeper], times: [String: UInt64]
  ) {
    var material: CredentialMaterial
    do throws(CredentialReader.Refusal) {
      material = try reader.read(next)
    } catch { throw ReloadRefusal(text: error.text) }
    do throws(StartFailure) {
      let fresh = try keepers(for: next, security)
      let times = fill(&material, of: next, from: fresh)
      return (material, fresh, times)
    } catch { throw ReloadRefusal(text: error.text) }
  }

  /// Fills in what is found outside of the config: servers, and what their names stand for.
  private func complete(
    _ compiled: Blueprint, with compiler: inout BlueprintCompiler
  ) async throws(ReloadRefusal) -> Blueprint {
    do throws(ServerDiscovery.Refusal) {
      try await discoverServers(of: compiled)
    } catch { throw ReloadRefusal(text: error.text) }
    do throws(StartFailure) {
      return try await resolveNames(of: discovery.fill(compiled, with: &compiler))
    } catch { throw ReloadRefusal(text: error.text) }
  }

  private func exchangeSockets(
    _ fresh: [ListenerSockets.Key: [Int32]], for blueprint: Blueprint
  ) async {
    sockets.commit(fresh)
    let wanted = Set(blueprint.listeners.map(\.id))
    for (index, thread) in workers.enumerated() {
      await thread.worker.stopListening(except: wanted)
      for (key, descriptors) in fresh {
        do {
          try await thread.worker.listen(on: descriptors[index], for: key.listener)
        } catch {
          log.error("a worker cannot listen on \(key.address): \(error)")
        }
      }
    }
    sockets.closeAll(except: blueprint.listeners)
  }
}
