// A worker's side of an upstream with scripted servers behind it: requests go in as text, answers
// come out as values, and the servers are moved by hand.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import LoopBench
import PolicyChain
import Telemetry
import Testing
import Transport

@testable import Upstreams

/// What an exchange brought.
struct Fetched: Sendable, Equatable {
  var status: UInt16
  var body: String
  var attempts: Int
  var isReused: Bool
  var trailers: [String] = []
}

/// An upstream with as many servers as there are weights, each with a listening socket.
final class Stage {
  let loop: EventLoop
  let resources: WorkerResources
  let shared = UpstreamShared()
  let origins: [Listening]
  let pool: UpstreamPool
  let forwarder: Forwarder
  /// Whether servers go on answering checks.
  var isChecking = true
  var random: any RandomSource = ZeroSource()
  var timeouts = Timeouts(connect: 30_000, response: 30_000, total: 60_000, idle: 30_000)

  init(
    on bench: isolated Bench, weights: [Int] = [1], priorities: [Int] = [],
    connectionsMax: Int = 100, idleMax: Int = 100,
    balance: Balance = .roundRobin, sticky: StickyRule? = nil, slowStart: UInt64 = 0,
    outlier: OutlierRule = .quiet,
    health: HealthRule? = nil, breaker: BreakerRule? = nil, retry: RetryRule? = nil,
    fallback: Forwarder.Fallback? = nil, mirrors: [Mirror] = []
  ) throws {
    loop = bench.loop
    resources = try WorkerResources(loop: bench.loop)
    origins = try weights.map { _ in try Listening(on: bench.loop) }
    let servers = zip(origins, weights).enumerated().map { index, pair in
      let (origin, weight) = pair
      return ServerDefinition(
        host: .address(origin.address), weight: weight,
        priority: index < priorities.count ? priorities[index] : 0, name: "\(origin.address)",
        label: ServerLabel(
          upstream: "test", server: "\(origin.address)", upstreamMetric: 0, serverMetric: 0))
    }
    pool = try UpstreamPool(
      UpstreamDefinition(
        name: "test", servers: servers, discovery: nil, version: .http1, hostRule: .preserve,
        security: nil,
        connectionsMax: connectionsMax, idleMax: idleMax, idleTimeout: 60_000, balance: balance,
        sticky: sticky, slowStart: slowStart, outlier: outlier, health: health, breaker: breaker),
      servers: servers, shared: shared, resources: resources)
    forwarder = Forwarder(
      shares: [Forwarder.Share(pool: pool, weight: 1)], sticky: nil, retry: retry,
      fallback: fallback, mirrors: mirrors, parameterNames: [])
  }

  var origin: Listening { origins[0] }
  var openCount: Int { shared.openConnections.load(ordering: .relaxed) }

  /// An exchange with this request. Its body, if it has one, is `body`.
  func exchange(
    _ request: String, body: ScriptedBody? = nil, peer: ScriptedClient? = nil
  ) throws -> Exchange {
    let exchange = Exchange(
      request: Request(fields: FieldSection(addedBytesMax: 1024)),
      response: ResponseHead(fields: FieldSection(addedBytesMax: 1024)),
      services: Services(random: random, metrics: WorkerMetrics()), waiter: Waiter(on: loop))
    let head = Buffer(capacity: 16 * 1024)
    let isWhole = head.append(request.utf8Span.span)
    precondition(isWhole, "A test's head fits.")
    var parser = RequestParser(limits: .request, rules: RequestRules())
    #expect(try parser.parse(head, into: exchange.request) == .done)
    exchange.startedAt = loop.now
    exchange.timeouts = timeouts
    exchange.requestBody = body
    exchange.peer = peer
    return exchange
  }

  /// The server that a request would go to.
  func pick(key: UInt64? = nil, tried: UInt64 = 0, at now: Instant? = nil) throws -> Int {
    let exchange = try exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    exchange.upstream.key = key
    exchange.upstream.tried = tried
    return try #require(pool.choose(for: exchange, at: now ?? loop.now)).index
  }

  /// Runs an exchange to its end, whatever that is.
  func run(_ exchange: Exchange) async throws(Failure) -> Fetched {
    defer {
      exchange.finish()
      exchange.waiter.retire()
    }
    try await forwarder.respond(to: exchange)
    var bytes: [UInt8] = []
    var trailers: [String] = []
    if case .stream(let body) = exchange.responseBody {
      while let chunk = try await body.pull() {
        let part = chunk.bytes
        bytes += part.array
        chunk.buffer.consume(chunk.count)
      }
      if let fields = body.trailers {
        for index in fields.entries.indices {
          trailers.append("\(fields.name(at: index).text): \(fields.value(at: index).text)")
        }
      }
    }
    return Fetched(
      status: exchange.response.status, body: String(decoding: bytes, as: UTF8.self),
      attempts: exchange.upstream.attempts, isReused: exchange.upstream.isReused,
      trailers: trailers)
  }

  func get(_ path: String = "/") async throws -> Fetched {
    try await run(try exchange("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n"))
  }

  /// The reason why an exchange failed; nil when it did not.
  func reason(_ exchange: Exchange) async -> Reason? {
    do throws(Failure) {
      _ = try await run(exchange)
      return nil
    } catch { return error.reason }
  }

  /// Whether nothing is lent any more.
  var isClean: Bool { resources.buffers.lentCount == 0 && resources.pending.lentCount == 0 }
}

/// A request's body that comes as the test says.
final class ScriptedBody: BodySource {
  private let buffer = Buffer(capacity: 64 * 1024)
  var pieces: [[UInt8]]
  var isEnded: Bool
  var deadline = Instant.never
  var failure: Failure?

  init(_ pieces: [[UInt8]], isEnded: Bool = true) {
    self.pieces = pieces
    self.isEnded = isEnded
  }

  /// Bytes that were handed out and not consumed.
  var unconsumed: Int { buffer.count }

  func ready() throws(Failure) -> BodyChunk? {
    if let failure { throw failure }
    precondition(buffer.isEmpty, "What was handed out is consumed before more is asked for.")
    guard !pieces.isEmpty else { return nil }
    buffer.clear()
    let piece = pieces.removeFirst()
    let isWhole = buffer.append(piece.span)
    precondition(isWhole, "A piece fits.")
    return BodyChunk(buffer: buffer, count: piece.count)
  }

  func wait() async throws(Failure) {
    preconditionFailure("A request's body is not waited for.")
  }

  func cancel() { pieces = [] }
  var isComplete: Bool { pieces.isEmpty && isEnded }
  var trailers: FieldSection? { nil }
}

/// A client that leaves when told, and notes interim responses.
final class ScriptedClient: DownstreamPeer {
  var isGone = false
  private(set) var interims: [UInt16] = []
  func sendInterim(_ head: ResponseHead) { interims.append(head.status) }
}

/// A sequence that its seed repeats.
final class SeededSource: RandomSource {
  private var seeded: Seeded

  init(_ seed: UInt64) { seeded = Seeded(seed: seed) }

  func next() -> UInt64 { seeded.next() }
}

extension OutlierRule {
  /// Ejects nobody.
  static let quiet = OutlierRule(
    consecutive: 0, errorShare: nil, slowness: nil, requestsMin: 1, window: 1_000,
    statuses: StatusSet([]),
    ejection: 1_000...8_000, ejectedMax: 500_000)

  static func consecutive(
    _ count: UInt64, statuses: [ClosedRange<Int>] = [500...599], ejectedMax: UInt64 = 500_000
  ) -> OutlierRule {
    OutlierRule(
      consecutive: count, errorShare: nil, slowness: nil, requestsMin: 1, window: 1_000,
      statuses: StatusSet(statuses), ejection: 1_000...8_000, ejectedMax: ejectedMax)
  }
}

/// Chooses the first of everything.
private final class ZeroSource: RandomSource {
  func next() -> UInt64 { 0 }
}

extension Peer {
  /// Reads a request head and answers it.
  func serve(_ answer: String) async throws {
    _ = try await readHead()
    try await send(answer)
  }
}

extension String {
  /// A response with a body and its length.
  static func ok(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}
