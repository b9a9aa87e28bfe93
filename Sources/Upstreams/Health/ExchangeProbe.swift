// One check of one server as an exchange of its own, through a pool of its own: for HTTP/2, and for
// gRPC's health protocol. What it finds counts for health only, never for balancing or ejection.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import TLS
import Telemetry
import Transport

/// Checks one server over HTTP/2, on the loop that it was made on.
final class ExchangeProbe {
  private let rule: HealthRule
  private let resources: WorkerResources
  private let waiter: Waiter
  private let pool: UpstreamPool
  private let forwarder: Forwarder
  private let services = Services(random: ProbeRandom(), metrics: WorkerMetrics())

  /// - Parameter waiter: parks the task that checks; cancelling it ends a check.
  init(
    _ rule: HealthRule, server: ServerDefinition, of definition: UpstreamDefinition,
    resources: WorkerResources, waiter: Waiter
  ) throws(TLSSetupError) {
    self.rule = rule
    self.resources = resources
    self.waiter = waiter
    pool = try UpstreamPool(
      definition.forChecks(of: server), servers: [server], shared: UpstreamShared(),
      resources: resources)
    forwarder = Forwarder(
      shares: [Forwarder.Share(pool: pool, weight: 1)], sticky: nil, retry: nil, fallback: nil,
      mirrors: [], parameterNames: [])
  }

  /// Asks the server once. Returns nil when it is well, else why it is not.
  func check(_ address: SocketAddress, host: String) async -> String? {
    let server = pool.servers[0]
    server.resolved(to: [address])
    // A connection of its own for each check, as a new client would make it.
    defer { server.http2.end() }
    let exchange = Exchange(
      request: Request(fields: FieldSection(addedBytesMax: 256)),
      response: ResponseHead(fields: FieldSection(addedBytesMax: 256)), services: services,
      waiter: waiter)
    let head = resources.buffers.borrow()
    let body = resources.buffers.borrow()
    defer {
      exchange.finish()
      exchange.request.reset()
      exchange.response.reset()
      resources.buffers.giveBack(head)
      resources.buffers.giveBack(body)
    }
    guard write(exchange, host, head, body) else { return "the check cannot be written down" }
    do throws(Failure) {
      try await forwarder.respond(to: exchange)
      return rule.grpc == nil ? judgeStatus(exchange) : try await judgeCall(exchange)
    } catch {
      exchange.failure = error
      return text(of: error)
    }
  }

  /// Makes the exchange's request: a GET of the path, or a call of the health service.
  private func write(
    _ exchange: Exchange, _ host: String, _ head: Buffer, _ body: Buffer
  ) -> Bool {
    let common = "Host: \(host)\r\nUser-Agent: sluice-health\r\n"
    let text: String
    if let service = rule.grpc {
      let message = GRPCHealth.request(for: service)
      text =
        "POST \(GRPCHealth.path) HTTP/1.1\r\n\(common)Content-Type: application/grpc\r\n"
        + "TE: trailers\r\nContent-Length: \(message.count)\r\n\r\n"
      guard body.append(message.span) else { return false }
      exchange.requestBody = StoredBody(body)
    } else {
      text = "GET \(rule.path ?? "/") HTTP/1.1\r\n\(common)Accept: */*\r\n\r\n"
    }
    let bytes = Array(text.utf8)
    guard head.append(bytes.span) else { return false }
    var parser = RequestParser(limits: .request, rules: RequestRules())
    do throws(HTTP1Error) {
      guard try parser.parse(head, into: exchange.request) == .done else { return false }
    } catch { return false }
    exchange.startedAt = resources.loop.now
    exchange.timeouts = Timeouts(
      connect: rule.timeout, response: rule.timeout, total: rule.timeout, idle: rule.timeout)
    return true
  }

  private func judgeStatus(_ exchange: Exchange) -> String? {
    let status = exchange.response.status
    return rule.expect.contains(status) ? nil : "status \(status)"
  }

  private func judgeCall(_ exchange: Exchange) async throws(Failure) -> String? {
    let response = exchange.response
    guard response.status == 200 else { return "status \(response.status)" }
    // An answer without a body has its status among its fields: it is trailers only.
    if let code = Self.code(in: response.fields), code != "0" { return "gRPC status \(code)" }
    var bytes: [UInt8] = []
    var code: String?
    if case .stream(let body) = exchange.responseBody {
      while let chunk = try await body.pull() {
        guard bytes.count + chunk.count <= GRPCHealth.answerBytesMax else {
          body.cancel()
          return "its answer is too large"
        }
        bytes += chunk.bytes.array
        chunk.buffer.consume(chunk.count)
      }
      code = body.trailers.flatMap { Self.code(in: $0) }
    }
    guard code == "0" else { return "gRPC status \(code ?? "missing")" }
    guard let status = GRPCHealth.status(in: bytes) else { return "its answer is no health status" }
    return status == .serving ? nil : "it says \(status.text)"
  }

  private static func code(in fields: FieldSection) -> String? {
    fields.first(named: "grpc-status".utf8Span.span).map { fields.value(at: $0).text }
  }

  private func text(of error: Failure) -> String {
    switch error.reason {
    case .connectTimeout, .responseTimeout, .totalTimeout: "no answer within \(rule.timeout) ms"
    case .draining: FetchFault.cancelled.text(within: rule.timeout)
    default: error.detail ?? error.reason.token.description
    }
  }
}

/// Checks need no secrets.
private final class ProbeRandom: RandomSource {
  func next() -> UInt64 { .random(in: 0 ... .max) }
}

extension UpstreamDefinition {
  /// The same server, spoken to in the same way, with nothing around it that acts on answers.
  fileprivate func forChecks(of server: ServerDefinition) -> UpstreamDefinition {
    UpstreamDefinition(
      name: name, servers: [server], discovery: nil, version: version, hostRule: .preserve,
      security: security, connectionsMax: 4, idleMax: 0, idleTimeout: 1_000,
      balance: .roundRobin, sticky: nil, slowStart: 0,
      outlier: OutlierRule(
        consecutive: 0, errorShare: nil, slowness: nil, requestsMin: 1, window: 1_000,
        statuses: StatusSet([]), ejection: 1_000...1_000, ejectedMax: 0),
      health: nil, breaker: nil)
  }
}
