// Keys that issuers publish: fetched here, on Control's loop, and handed to the workers. A fetch
// that fails changes nothing: the last good keys stay in use.

import Bytes
import Configuration
import Engine
import Logging
import OpenSSL
import Policies
import TLS
import Telemetry
import Transport

extension Control {
  /// Keepers for the identities of a config. Those whose keys stand where they stood go on.
  func keepers(
    for configuration: EffectiveConfiguration, _ security: SecurityMaterial
  ) throws(StartFailure) -> [String: KeyKeeper] {
    var fresh: [String: KeyKeeper] = [:]
    for identity in configuration.identities {
      guard let source = IdentityKind.of(identity).published(identity.settings) else { continue }
      let authorities = security.identities[identity.name]
      if let kept = keepers[identity.name], kept.source == source,
        kept.authorities == authorities
      {
        fresh[identity.name] = kept
        continue
      }
      do {
        let resources = try checkResources ?? WorkerResources(loop: loop)
        checkResources = resources
        fresh[identity.name] = try KeyKeeper(
          identity.name, source: source, authorities: authorities,
          copy: copy(of: source, for: identity.name, in: configuration), resources: resources)
      } catch {
        throw StartFailure(.system, "identity \(identity.name): its keys cannot be kept: \(error)")
      }
    }
    return fresh
  }

  /// What was kept of the keys before this process began.
  private func copy(
    of source: PublishedKeys, for identity: String, in configuration: EffectiveConfiguration
  ) -> KeyCopy? {
    guard let folder = configuration.stateFolder.map(resolved) else { return nil }
    do {
      return try KeyCopies(folder: folder, library: library).copy(of: source)
    } catch {
      log.error(
        "identity \(identity): the copy of its keys in \(folder) is not used: \(Self.text(error))")
      return nil
    }
  }

  /// Puts the keys that are known now where the config's verifiers find them. Returns when each
  /// set came.
  func fill(
    _ material: inout CredentialMaterial, of configuration: EffectiveConfiguration,
    from keepers: [String: KeyKeeper]
  ) -> [String: UInt64] {
    var times: [String: UInt64] = [:]
    for identity in configuration.identities {
      guard let keeper = keepers[identity.name], let copy = keeper.copy else { continue }
      do throws(CredentialProblem) {
        material.identities[identity.name] = try keeper.read(copy.bytes, for: identity)
        times[identity.name] = copy.time
      } catch {
        log.error("identity \(identity.name): the keys that it had do not fit: \(error.text)")
      }
    }
    return times
  }

  /// Hands on what came while a config was being taken.
  func handKeys(newerThan times: [String: UInt64]) async {
    for identity in configuration?.identities ?? [] {
      guard let copy = keepers[identity.name]?.copy, let keeper = keepers[identity.name],
        copy.time != times[identity.name]
      else { continue }
      do throws(CredentialProblem) {
        let material = try keeper.read(copy.bytes, for: identity)
        for thread in workers { await thread.worker.renewed(identity.name, with: material) }
      } catch {
        log.error("identity \(identity.name): its keys do not fit: \(error.text)")
      }
    }
  }

  /// Starts the keepers that are new. Those that no config has any more end.
  func keepKeys(insteadOf earlier: [String: KeyKeeper]) {
    for (name, keeper) in earlier where keepers[name] !== keeper { keeper.stop() }
    for keeper in keepers.values where !keeper.isStarted {
      keeper.begin()
      start { [self] in await keep(keeper) }
    }
  }

  private func keep(_ keeper: KeyKeeper) async {
    while await keeper.waitUntilDue() {
      keeper.desk.begin(at: loop.now)
      let isGood = await renew(keeper)
      keeper.desk.end(isGood: isGood, at: loop.now, jitter: .random(in: 0..<1))
    }
    keeper.waiter.retire()
  }

  /// Fetches the keys and hands them on. Returns whether there are any.
  private func renew(_ keeper: KeyKeeper) async -> Bool {
    let answer = await keeper.ask(addresses[keeper.source.url.host] ?? [])
    guard !keeper.waiter.isCancelled,
      let identity = configuration?.identities.first(where: { $0.name == keeper.name })
    else { return false }
    switch answer {
    case .failure(let problem): return failed(keeper, problem)
    case .success(let bytes):
      do throws(CredentialProblem) {
        let material = try keeper.read(bytes, for: identity)
        await take(bytes, material, keeper)
        return true
      } catch { return failed(keeper, KeyFetchProblem(.unusable, error.text)) }
    }
  }

  private func failed(_ keeper: KeyKeeper, _ problem: KeyFetchProblem) -> Bool {
    if keeper.noted(problem.outcome) {
      let meanwhile = keeper.copy == nil ? "it has none" : "the last ones stay in use"
      log.warning(
        "identity \(keeper.name): its keys cannot be fetched; \(meanwhile)",
        metadata: ["url": "\(keeper.source.url)", "cause": "\(problem.text)"])
    }
    return false
  }

  private func take(_ bytes: [UInt8], _ material: any Sendable, _ keeper: KeyKeeper) async {
    if keeper.noted(.success) { log.notice("identity \(keeper.name): its keys are fetched again") }
    let isNew = keeper.copy?.bytes != bytes
    let copy = KeyCopy(bytes: bytes, time: WallClock.milliseconds())
    keeper.copy = copy
    if isNew {
      for thread in workers { await thread.worker.renewed(keeper.name, with: material) }
      log.notice(
        "identity \(keeper.name): new keys", metadata: ["url": "\(keeper.source.url)"])
    }
    guard let folder = configuration?.stateFolder.map(resolved) else { return }
    do {
      try KeyCopies(folder: folder, library: library).keep(copy, of: keeper.source)
    } catch {
      log.error(
        "identity \(keeper.name): no copy of its keys can be kept in \(folder): \(Self.text(error))"
      )
    }
  }

  func endKeys() { for keeper in keepers.values { keeper.stop() } }

  /// How the keys of each identity are now.
  var keyReadings: [KeyReading] {
    keepers.values.sorted { $0.name < $1.name }.map { keeper in
      let now = WallClock.milliseconds()
      return KeyReading(
        identity: keeper.name,
        ageSeconds: keeper.copy.map { now > $0.time ? (now - $0.time) / 1000 : 0 },
        fetches: KeyFetchOutcome.allCases.map { ($0.rawValue, keeper.counts[$0] ?? 0) })
    }
  }

  private func resolved(_ path: String) -> String {
    path.hasPrefix("/") ? path : ConfigurationReader.folder(of: configurationPath) + path
  }

  private static func text(_ error: any Error) -> String {
    (error as? FileError)?.text ?? "\(error)"
  }
}

extension KeyKeeper {
  /// What the identity's verifiers need of a set as it came.
  func read(
    _ bytes: [UInt8], for identity: IdentityConfiguration
  ) throws(CredentialProblem) -> any Sendable {
    try IdentityKind.of(identity).read(
      identity.settings, [CredentialFile(path: source.url.description, bytes: bytes)])
  }
}
