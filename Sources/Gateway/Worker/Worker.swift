// One worker: an actor on its own event loop and thread, with everything that a core needs to serve
// requests alone.

import Bytes
import Engine
import OpenSSL
import Policies
import PolicyChain
import RedisStore
import Routing
import TLS
import Telemetry
import Transport
import Upstreams

/// Serves connections on one core.
package actor Worker: LoopActor {
  /// Between two looks at idle upstream connections, in milliseconds.
  private static let sweepInterval: UInt64 = 1_000

  package nonisolated let loop: EventLoop
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  private var context: WorkerContext?
  private var acceptors: [Acceptor] = []
  private var housekeeper: Waiter?
  private let seed: UInt64
  private let index: Int

  /// - Parameters:
  ///   - index: tells the workers of the process apart.
  ///   - seed: for keyed tables; random, and the same for no two processes.
  package init(on loop: EventLoop, index: Int, seed: UInt64) {
    self.loop = loop
    self.index = index
    self.seed = seed
  }

  /// What a worker shares with the others.
  package struct Shared: Sendable {
    package var upstreams: SharedUpstreams
    package var buckets: [String: SharedBucket]
    let bulkheads: BulkheadRegistry
    package var stores: [String: RedisHealth]
    /// Where verifiers ask for published keys, by identity.
    package var desks: [String: KeyDesk]
    let limiter: ConnectionLimiter
    let log: LogWriter?
    let noRoute: RouteLabel
    let protocolErrors: [String: UInt16]
    let ticketKeys: TicketKeys
  }

  /// Builds the first generation. Nothing is accepted before `listen`.
  func boot(_ blueprint: Blueprint, shared: Shared) throws {
    let resources = try WorkerResources(loop: loop)
    let generation = try Generation(
      blueprint, previous: nil, shared: shared, resources: resources, index: index, seed: seed,
      start: TaskStarter(for: self))
    let sink = shared.log.map(Self.sink)
    let metrics = WorkerMetrics()
    let context = WorkerContext(
      loop: loop, resources: resources,
      services: Services(
        random: WorkerRandom(try SecureRandom(library: resources.library)), metrics: metrics),
      generation: generation,
      recorder: Recorder(
        sink: sink, noRoute: shared.noRoute, protocolErrors: shared.protocolErrors,
        metrics: metrics),
      limiter: shared.limiter, start: TaskStarter(for: self))
    self.context = context
    start { await context.runStarter() }
    startStores(generation)
    start { await resources.turns.run() }
    let waiter = Waiter(on: loop)
    housekeeper = waiter
    start { await Self.keepHouse(context, waiter) }
  }

  /// Builds the next generation aside and serves new requests by it.
  func adopt(_ blueprint: Blueprint, shared: Shared) throws(GenerationError) {
    guard let context else { return }
    let next = try Generation(
      blueprint, previous: context.generation, shared: shared, resources: context.resources,
      index: index, seed: seed, start: TaskStarter(for: self))
    context.adopt(next)
    startStores(next)
  }

  /// Connects to the stores of a generation that were not connected to before.
  private func startStores(_ generation: Generation) {
    for client in generation.stores.values where !client.isStarted {
      start { await client.run() }
    }
  }

  /// Logs to another writer from now on; nil for no log.
  func log(to writer: LogWriter?) {
    context?.recorder.log(to: writer.map(Self.sink))
  }

  private static func sink(_ writer: LogWriter) -> AccessLogSink {
    AccessLogSink(writer: writer, format: .json, limits: AccessLimits())
  }

  /// Accepts from a listening descriptor, which stays its opener's.
  func listen(on descriptor: Int32, for listener: ListenerID) throws(Engine.SystemError) {
    guard let context else { return }
    let acceptor = Acceptor(
      ListeningSocket(descriptor: descriptor, on: loop), for: listener, in: context)
    try acceptor.begin()
    acceptors.append(acceptor)
    start { await acceptor.run() }
  }

  /// Stops accepting for all listeners but these.
  func stopListening(except wanted: Set<ListenerID>) {
    for acceptor in acceptors where !wanted.contains(acceptor.listener) { acceptor.stop() }
    acceptors.removeAll { !wanted.contains($0.listener) }
  }

  /// New addresses of a name that servers of upstreams may have.
  func resolved(_ name: String, to addresses: [IPAddress]) {
    for pool in context?.generation.pools.values.map({ $0 }) ?? [] {
      pool.resolve(with: [name: addresses])
    }
    for client in context?.generation.stores.values.map({ $0 }) ?? [] {
      client.resolve(with: [name: addresses])
    }
  }

  /// Other servers of an upstream, and what is known of names.
  func found(
    _ servers: [ServerDefinition], of upstream: String, addresses: [String: [IPAddress]]
  ) throws(GenerationError) {
    guard let pool = context?.generation.pools[upstream] else { return }
    try Generation.replaceServers(of: pool, with: servers)
    pool.resolve(with: addresses)
  }

  /// New keys of an identity; requests that are being judged go on with those they began with.
  func renewed(_ identity: String, with material: any Sendable) {
    context?.generation.verifiers[identity]?.adopt(material)
  }

  /// Ends connections with their next answer, but goes on accepting.
  func endKeepAlive() { context?.endKeepAlive() }

  /// Stops accepting, ends idle connections, and lets the others finish their present request.
  func drain() {
    stopListening(except: [])
    context?.drain()
  }

  /// Connections that are still open.
  func connectionCount() -> Int { context?.connectionCount ?? 0 }

  /// Ends every connection, whatever it is doing.
  func cancelAll() { context?.cancelAll() }

  /// Ends the worker's own tasks, after all connections have ended.
  func finish() {
    housekeeper?.cancel()
    context?.recorder.flushLog()
    for client in context?.generation.stores.values.map({ $0 }) ?? [] { client.retire() }
    context?.stop()
  }

  func metrics() -> MetricsSnapshot? { context?.recorder.metrics.snapshot() }

  /// Hands log lines on when they are old enough, and closes upstream connections that have been
  /// idle too long.
  private static func keepHouse(_ context: WorkerContext, _ waiter: Waiter) async {
    var nextSweep = context.loop.now.advanced(milliseconds: sweepInterval)
    while true {
      let tick = context.loop.now.advanced(milliseconds: 100)
      if await waiter.wait(until: tick) == .cancelled { return }
      context.recorder.tick(now: context.loop.now)
      if context.loop.now >= nextSweep {
        context.generation.sweep()
        context.memory.tidy(context)
        nextSweep = context.loop.now.advanced(milliseconds: sweepInterval)
      }
    }
  }
}

/// The worker's random source: unpredictable bytes, fetched in blocks.
final class WorkerRandom: RandomSource {
  private let generator: SecureRandom

  init(_ generator: SecureRandom) { self.generator = generator }

  func next() -> UInt64 { generator.next() }
}
