// Control: the actor that never serves traffic. It reads the config, opens the sockets, starts the
// workers, and tells them what changed: a new config, a certificate, an address, the end.

import Bytes
import Configuration
import Engine
import Logging
import OpenSSL
import Policies
import PolicyChain
import RedisStore
import TLS
import Telemetry
import Transport
import Upstreams

/// The gateway's own affairs, on one loop of its own.
package actor Control: LoopActor {
  /// How far the process is. Readiness is told from it.
  enum Phase {
    case starting, serving
    /// A signal came, and the workers are being told.
    case ending
    /// Readiness fails, and the listeners still accept for a moment.
    case leaving
    case draining
  }

  package nonisolated let loop: EventLoop
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  let log: Logger
  let configurationPath: String
  let library: LibraryContext
  let ticketKeys: TicketKeys
  let limiter = ConnectionLimiter()
  /// Set before the loop ends.
  let ending: ProcessEnding

  var compiler: BlueprintCompiler
  var security: SecurityReader
  var credentials: CredentialReader
  var configuration: EffectiveConfiguration?
  var blueprint: Blueprint?
  var workers: [WorkerThread] = []
  var sockets = ListenerSockets()
  var sharedUpstreams: SharedUpstreams = [:]
  var buckets = BucketRegistry()
  let bulkheads = BulkheadRegistry(seed: .random())
  lazy var stores = StoreRegistry(log: log)
  var logWriter: LogWriter?
  /// Log lines that writers before the present one gave up.
  var droppedLines: UInt64 = 0
  /// Name servers that the config had at the start; nil for those of the machine.
  var nameServers: String?
  /// Made with the first upstream that has a name.
  var resolver: Resolver?
  /// The newest addresses of the names in use.
  var addresses: [String: [Bytes.IPAddress]] = [:]
  /// Servers of upstreams that are found while they serve.
  var discovery = ServerDiscovery()
  var phase = Phase.starting
  /// Exceptions from policy whose end the log has told.
  var toldExpiries: Set<PolicyException> = []
  var metrics = ControlMetrics(version: GatewayVersion.text, configHash: "")
  var admin: AdminServer?
  var signals: SignalSource?
  let housekeeper: Waiter
  let upstreamWatcher: Waiter
  /// By upstream.
  var detectors: [String: OutlierDetector] = [:]
  var checkers: [String: HealthChecker] = [:]
  /// By identity.
  var keepers: [String: KeyKeeper] = [:]
  /// For what Control asks itself: checks and keys. Made when first needed.
  var checkResources: WorkerResources?
  /// Cut short by a second signal.
  let drainWaiter: Waiter

  package init(
    on loop: EventLoop, configuration path: String, log: Logger, ending: ProcessEnding
  ) throws(CryptoError) {
    self.loop = loop
    configurationPath = path
    self.log = log
    self.ending = ending
    library = try LibraryContext()
    ticketKeys = try TicketKeys(library: library) {
      Int(Instant.now().nanoseconds / 1_000_000_000)
    }
    compiler = BlueprintCompiler(
      policies: StandardPolicies.all, folder: FilePath.folder(of: path))
    security = SecurityReader(
      folder: ConfigurationReader.folder(of: path), library: library)
    credentials = CredentialReader(folder: ConfigurationReader.folder(of: path))
    housekeeper = Waiter(on: loop)
    upstreamWatcher = Waiter(on: loop)
    drainWaiter = Waiter(on: loop)
  }

  /// Takes the config and starts to serve. Nothing is left open when it throws.
  package func boot() async throws(StartFailure) {
    let reading = try readConfiguration()
    let material = try readSecurity(reading.configuration)
    var keys = try readCredentials(reading.configuration)
    keepers = try keepers(for: reading.configuration, material)
    _ = fill(&keys, of: reading.configuration, from: keepers)
    compiler.workerCount = max(1, workerCount(reading.configuration))
    let compiled = compiler.compile(
      reading.configuration, security: material, credentials: keys, hash: reading.hash)
    nameServers = reading.configuration.resolver.list
    do throws(ServerDiscovery.Refusal) {
      try await discoverServers(of: compiled)
    } catch {
      throw StartFailure(error.isUnreadable ? .unreadable : .invalidConfiguration, error.text)
    }
    let blueprint = try await resolveNames(
      of: discovery.fill(compiled, with: &compiler))
    addSharedUpstreams(of: blueprint)
    prepareChecks(of: blueprint)
    buckets.adopt(blueprint, reading.configuration.stores, ids: &compiler, library: library)
    stores.adopt(blueprint.stores)
    let count = workerCount(reading.configuration)
    let fresh = try openSockets(blueprint, workers: count)
    sockets.commit(fresh)
    try openAdmin(reading.configuration)
    if let user = reading.configuration.user { try become(user) }
    logWriter = try openLog(reading.configuration)
    try await startWorkers(count, blueprint, fresh)
    configuration = reading.configuration
    self.blueprint = blueprint
    accepted(reading)
    noteExpiries()
    try startSignals()
    start { [self] in await keepHouse() }
    keepChecks(of: blueprint)
    keepKeys(insteadOf: [:])
    start { [self] in await watchUpstreams() }
    phase = .serving
    keepServices(of: blueprint)
    announce(blueprint)
  }

  // MARK: Steps of the start

  private func readConfiguration() throws(StartFailure) -> ConfigurationReader.Reading {
    do throws(ConfigurationReader.Refusal) {
      return try ConfigurationReader(path: configurationPath, library: library).read()
    } catch {
      switch error {
      case .unreadable(let text): throw StartFailure(.unreadable, text)
      case .invalid(let text): throw StartFailure(.invalidConfiguration, text)
      }
    }
  }

  private func readSecurity(
    _ configuration: EffectiveConfiguration
  ) throws(StartFailure) -> SecurityMaterial {
    do throws(SecurityReader.Refusal) {
      return try security.read(configuration)
    } catch {
      throw StartFailure(error.isUnreadable ? .unreadable : .invalidConfiguration, error.text)
    }
  }

  private func readCredentials(
    _ configuration: EffectiveConfiguration
  ) throws(StartFailure) -> CredentialMaterial {
    do throws(CredentialReader.Refusal) {
      return try credentials.read(configuration)
    } catch {
      throw StartFailure(error.isUnreadable ? .unreadable : .invalidConfiguration, error.text)
    }
  }

  private func openSockets(
    _ blueprint: Blueprint, workers: Int
  ) throws(StartFailure) -> [ListenerSockets.Key: [Int32]] {
    do throws(ListenerSockets.Refusal) {
      return try sockets.prepare(blueprint.listeners, workers: workers)
    } catch { throw StartFailure(.system, error.text) }
  }

  private func become(_ user: String) throws(StartFailure) {
    do throws(Engine.SystemError) {
      try ProcessLimits.become(user)
    } catch {
      throw StartFailure(.system, "the process cannot become the user \(user): \(error.message)")
    }
  }

  private func startWorkers(
    _ count: Int, _ blueprint: Blueprint, _ fresh: [ListenerSockets.Key: [Int32]]
  ) async throws(StartFailure) {
    let seed = UInt64.random(in: 0 ... .max)
    do {
      for index in 0..<count {
        let thread = try WorkerThread(index: index, seed: seed)
        workers.append(thread)
        try await thread.worker.boot(blueprint, shared: shared)
      }
      for (index, thread) in workers.enumerated() {
        for (key, descriptors) in fresh {
          try await thread.worker.listen(on: descriptors[index], for: key.listener)
        }
      }
    } catch let error as GenerationError {
      throw StartFailure(.invalidConfiguration, error.text)
    } catch {
      throw StartFailure(.system, "a worker cannot be started: \(error)")
    }
  }

  var shared: Worker.Shared {
    Worker.Shared(
      upstreams: sharedUpstreams, buckets: buckets.shared, bulkheads: bulkheads,
      stores: stores.health, desks: keepers.mapValues(\.desk), limiter: limiter, log: logWriter,
      noRoute: RouteLabel(name: "none", metric: compiler.names.noRoute),
      protocolErrors: compiler.protocolErrors, ticketKeys: ticketKeys)
  }

  func addSharedUpstreams(of blueprint: Blueprint) {
    for upstream in blueprint.upstreams where sharedUpstreams[upstream.name] == nil {
      sharedUpstreams[upstream.name] = UpstreamShared()
    }
  }

  private func workerCount(_ configuration: EffectiveConfiguration) -> Int {
    switch configuration.workers {
    case .auto: ProcessLimits.processorCount()
    case .exactly(let count): count
    }
  }

  /// Notes that a config is served now.
  func accepted(_ reading: ConfigurationReader.Reading) {
    metrics.configHash = reading.hash
    metrics.isLastReloadGood = true
    metrics.lastReloadUnixSeconds = WallClock.milliseconds() / 1000
    if !reading.warnings.isEmpty { log.warning("\(reading.warnings)") }
  }

  private func announce(_ blueprint: Blueprint) {
    let places = blueprint.listeners.map { listener in
      "\(listener.name) on \(listener.addresses.map(\.description).joined(separator: ", "))"
    }
    log.notice(
      "ready",
      metadata: [
        "listeners": "\(places.joined(separator: "; "))", "workers": "\(workers.count)",
        "admin": "\(admin?.addressText ?? "none")", "config": "\(blueprint.hash)",
      ])
  }
}
