// A worker of the gateway on a test's loop: its config is text, its origin and clients are moved by
// hand, and everything that it owns can be looked at.

import Configuration
import Engine
import LoopBench
import OpenSSL
import Policies
import PolicyChain
import TLS
import Telemetry
import Testing
import Transport
import Upstreams

@testable import Gateway

/// One listener, one upstream called `app`, and what a test adds.
final class Edge {
  static let forwardAll = "route main {\n  match path=/**\n  auth none\n  to app\n}\n"

  let origin: Listening
  let context: WorkerContext
  let address: SocketAddress
  let upstreams: SharedUpstreams = ["app": UpstreamShared()]
  private let bench: Bench
  private let descriptor: Int32
  private let acceptor: Acceptor
  private var compiler: BlueprintCompiler
  private var buckets = BucketRegistry()
  private let ticketKeys: TicketKeys
  private let limits: (inout ConnectionLimits) -> Void

  /// - Parameters:
  ///   - routes: config text behind the listener's and the upstream's.
  ///   - limits: changes the listener's limits.
  init(
    on bench: isolated Bench, routes: String = Edge.forwardAll,
    limits: @escaping (inout ConnectionLimits) -> Void = { _ in }
  ) throws {
    self.bench = bench
    self.limits = limits
    origin = try Listening(on: bench.loop)
    let resources = try WorkerResources(loop: bench.loop)
    ticketKeys = try TicketKeys(library: resources.library) { 1000 }
    compiler = BlueprintCompiler(policies: StandardPolicies.all, folder: "")
    let blueprint = try Self.blueprint(&compiler, routes, origin.address, limits)
    buckets.adopt(
      blueprint, [], ids: &compiler, library: resources.library)
    let shared = Self.shared(compiler, upstreams, buckets, ticketKeys)
    let generation = try Generation(
      blueprint, previous: nil, shared: shared, resources: resources, index: 0, seed: 1,
      start: TaskStarter(for: bench))
    let metrics = WorkerMetrics()
    context = WorkerContext(
      loop: bench.loop, resources: resources,
      services: Services(
        random: WorkerRandom(try SecureRandom(library: resources.library)), metrics: metrics),
      generation: generation,
      recorder: Recorder(
        sink: nil, noRoute: RouteLabel(name: "none", metric: compiler.names.noRoute),
        protocolErrors: compiler.protocolErrors, metrics: metrics),
      limiter: ConnectionLimiter(), start: TaskStarter(for: bench))
    descriptor = try ListeningDescriptor.open(.ip(.init(v4: 0x7f00_0001), port: 0))
    address = try ListeningDescriptor.address(of: descriptor)
    acceptor = Acceptor(
      ListeningSocket(descriptor: descriptor, on: bench.loop), for: blueprint.listeners[0].id,
      in: context)
    try acceptor.begin()
    let (acceptor, context) = (acceptor, context)
    bench.start { await acceptor.run() }
    bench.start { await context.runStarter() }
  }

  private static func shared(
    _ compiler: BlueprintCompiler, _ upstreams: SharedUpstreams, _ buckets: BucketRegistry,
    _ ticketKeys: TicketKeys
  ) -> Worker.Shared {
    Worker.Shared(
      upstreams: upstreams, buckets: buckets.shared,
      bulkheads: BulkheadRegistry(seed: .random()), stores: [:], desks: [:],
      limiter: ConnectionLimiter(), log: nil,
      noRoute: RouteLabel(name: "none", metric: compiler.names.noRoute),
      protocolErrors: compiler.protocolErrors, ticketKeys: ticketKeys)
  }

  deinit { Descriptor.close(descriptor) }

  private static func blueprint(
    _ compiler: inout BlueprintCompiler, _ routes: String, _ origin: SocketAddress,
    _ limits: (inout ConnectionLimits) -> Void
  ) throws -> Blueprint {
    let text =
      "sluice 1\nlistener main {\n  bind 127.0.0.1:8080\n}\n"
      + "upstream app {\n  server \(origin)\n}\n" + routes
    let result = ConfigurationLoader(
      files: MemoryFiles(["routes.conf": text]), schema: Language.schema
    ).load("routes.conf")
    guard let configuration = result.configuration else {
      throw WrongConfig(result.diagnostics.map(\.message))
    }
    var blueprint = compiler.compile(
      configuration, security: SecurityMaterial(),
      credentials: CredentialMaterial(), hash: "test")
    limits(&blueprint.listeners[0].limits)
    return blueprint
  }

  /// Compiles other routes, perhaps to another origin, and serves new requests by them.
  func reload(_ routes: String, to origin: Listening? = nil) throws {
    let blueprint = try Self.blueprint(
      &compiler, routes, (origin ?? self.origin).address, limits)
    buckets.adopt(
      blueprint, [], ids: &compiler, library: context.resources.library)
    context.adopt(
      try Generation(
        blueprint, previous: context.generation,
        shared: Self.shared(compiler, upstreams, buckets, ticketKeys),
        resources: context.resources, index: 0, seed: 1, start: TaskStarter(for: bench)))
  }

  func client(on bench: isolated Bench) async throws -> Peer {
    try await bench.connect(to: address)
  }

  /// Ends everything, and looks whether anything is still lent.
  func end(on bench: isolated Bench) async throws {
    acceptor.stop()
    context.cancelAll()
    let context = context
    try await bench.until("all connections to end") { context.connectionCount == 0 }
    for pool in context.generation.pools.values { pool.retire() }
    context.stop()
    #expect(context.resources.buffers.lentCount == 0)
    #expect(context.resources.pending.lentCount == 0)
    #expect(upstreams["app"]?.openConnections.load(ordering: .relaxed) == 0)
  }

  /// Connections of clients that are open.
  var connections: [HTTP1Connection] { context.connections.compactMap { $0 as? HTTP1Connection } }
}

/// A test's config has errors.
struct WrongConfig: Error {
  let messages: [String]
  init(_ messages: [String]) { self.messages = messages }
}

/// Runs a test with an edge, and ends the edge after it.
func withEdge(
  routes: String = Edge.forwardAll,
  limits: @escaping @Sendable (inout ConnectionLimits) -> Void = { _ in },
  _ body: @escaping @Sendable (isolated Bench, Edge) async throws -> Void
) async throws {
  try await onLoop { bench in
    let edge = try Edge(on: bench, routes: routes, limits: limits)
    try await body(bench, edge)
    try await edge.end(on: bench)
  }
}

extension Peer {
  /// Asks for a path, and no more.
  func get(_ path: String, _ fields: String = "") async throws {
    try await send("GET \(path) HTTP/1.1\r\nHost: example.com\r\n\(fields)\r\n")
  }

  /// Reads a request and answers with its path. Returns what was asked.
  @discardableResult
  func echo() async throws -> Message {
    let request = try await readMessage()
    let path = String(request.startLine.split(separator: " ")[1])
    try await send("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)")
    return request
  }
}

/// Runs a part of a test beside it, and reports when it cannot be played.
func report(_ part: () async throws -> Void) async {
  do { try await part() } catch { Issue.record(error) }
}
