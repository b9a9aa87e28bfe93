// What is kept of an exchange once it is over: one log line and a few counters. One per worker.

import Bytes
import Engine
import HTTPMessage
import PolicyChain
import Telemetry

/// Writes a worker's part of the access log and of the metrics.
final class Recorder {
  let metrics: WorkerMetrics
  private let sink = Lent<AccessLogSink?>(nil)
  private let noRoute: RouteLabel
  private let protocolErrors: [String: UInt16]

  /// - Parameters:
  ///   - sink: nil when the access log is off.
  ///   - noRoute: stands for requests that no route took.
  ///   - protocolErrors: metric ids by the tokens of broken rules.
  init(
    sink: AccessLogSink?, noRoute: RouteLabel, protocolErrors: [String: UInt16],
    metrics: WorkerMetrics
  ) {
    self.metrics = metrics
    self.sink { $0 = sink }
    self.noRoute = noRoute
    self.protocolErrors = protocolErrors
  }

  func tick(now: Instant) { sink { $0 }?.tick(now: now.nanoseconds) }
  func flushLog() { sink { $0 }?.flush() }

  /// Goes on with another log; what has gathered goes to the old one.
  func log(to sink: AccessLogSink?) {
    flushLog()
    self.sink { $0 = sink }
  }

  func countProtocolError(_ token: StaticString) {
    if let id = protocolErrors[token.description] { metrics.protocolError(id) }
  }

  /// Records an exchange that is over, before it is reset.
  func record(_ exchange: Exchange, listenerName: [UInt8], now: Instant) {
    let duration = now.since(exchange.startedAt)
    let overhead = duration > exchange.waitedNanoseconds ? duration - exchange.waitedNanoseconds : 0
    let connection = exchange.connection
    let label = exchange.server
    let taken = exchange.route
    count(
      exchange, listener: connection?.listener.metric ?? 0, route: taken, server: label,
      duration: duration, overhead: overhead)
    guard let sink = sink({ $0 }) else { return }
    let peerText = connection?.peerText ?? []
    let upstream = label?.logMembers ?? []
    let route = taken?.name ?? []
    let request = exchange.request
    let fields = request.fields
    var record = AccessRecord()
    record.unixMilliseconds = exchange.wallMilliseconds
    record.requestID = request.text(exchange.requestID)
    record.traceID = request.text(exchange.traceID)
    record.spanID = request.text(exchange.spanID)
    record.listener = listenerName.span
    record.route = route.span
    record.method = request.text(request.methodText)
    record.host = request.text(request.host)
    record.path = request.text(exchange.askedPath)
    if let query = exchange.askedQuery {
      record.hasQuery = true
      record.query = request.text(query)
    }
    record.version = request.version.name.bytes
    if let agent = fields.first(.userAgent) { record.userAgent = fields.value(at: agent) }
    let security = connection?.security?.logMember ?? []
    record.tls = security.span
    record.peerAddress = peerText.span
    record.clientAddress =
      exchange.clientText.isEmpty ? peerText.span : request.text(exchange.clientText)
    record.upstream = upstream.span
    record.duration = duration
    record.overhead = overhead
    addNumbers(of: exchange, to: &record)
    let caller = exchange.wasJudged ? CallerText(exchange) : .none
    record.identity = caller.identity.span
    record.subject = caller.subject.span
    record.denyCause = caller.cause.bytes
    record.denyRule = caller.rule.span
    record.isShadowDenial = caller.isShadow
    record.limit = request.text(exchange.limitName)
    record.flags = flags(exchange)
    sink.append(record, now: now.nanoseconds)
  }

  private func addNumbers(of exchange: Exchange, to record: inout AccessRecord) {
    if exchange.hasFailed, let failure = exchange.failure {
      record.reason = failure.reason.token.bytes
      record.origin = failure.origin.name.bytes
    }
    record.status = exchange.recordedStatus
    record.bytesIn = exchange.outcome.requestBodyBytes
    record.bytesOut = exchange.outcome.responseBodyBytes
    record.attempts = exchange.upstream.attempts
    record.upstreamStatus = exchange.upstream.status
    record.firstByte = exchange.upstream.firstByteAt.map { $0.since(exchange.startedAt) }
  }

  private func flags(_ exchange: Exchange) -> AccessFlags {
    var flags: AccessFlags = []
    if exchange.isClientGone { flags.insert(.clientGone) }
    if !exchange.outcome.isComplete { flags.insert(.responseCut) }
    if exchange.upstream.attempts > 1 { flags.insert(.retried) }
    if exchange.upstream.isReused { flags.insert(.upstreamReused) }
    if exchange.upstream.isFallback { flags.insert(.fallback) }
    if exchange.wouldDeny { flags.insert(.wouldDeny) }
    switch exchange.outcome.closedBy {
    case .client: flags.insert(.closedByClient)
    case .upstream: flags.insert(.closedByUpstream)
    case nil: break
    }
    return flags
  }

  private func count(
    _ exchange: Exchange, listener: UInt16, route: RouteLabel?, server: ServerLabel?,
    duration: UInt64, overhead: UInt64
  ) {
    let key = RequestKey(
      listener: listener, route: route?.metric ?? noRoute.metric,
      method: exchange.request.method.metric,
      status: exchange.recordedStatus)
    metrics.requestEnded(key, duration: duration, overhead: overhead)
    if exchange.wasJudged { countDecision(exchange) }
    guard let server else { return }
    let sent = exchange.upstream.sentAt ?? exchange.startedAt
    let answered = exchange.upstream.firstByteAt
    metrics.upstreamEnded(
      upstream: server.upstreamMetric, server: server.serverMetric,
      status: exchange.upstream.status,
      duration: answered.map { $0.since(sent) } ?? duration)
  }
}

/// What the log says of the caller: text that a line borrows.
private struct CallerText {
  static let none = CallerText()

  private(set) var identity: [UInt8] = []
  private(set) var subject: [UInt8] = []
  private(set) var cause: StaticString = ""
  private(set) var rule: [UInt8] = []
  private(set) var isShadow = false

  private init() {}

  init(_ exchange: Exchange) {
    if let principal = exchange.principal {
      identity = principal.identity.name
      subject = principal.subject
    }
    guard let denial = exchange.denial else { return }
    if let found = denial.identity { identity = found.name }
    cause = denial.cause.token
    rule = denial.rule
    isShadow = denial.isShadow
  }
}

extension Recorder {
  private func countDecision(_ exchange: Exchange) {
    if let denial = exchange.denial, denial.isOfCredentials {
      let outcome: AuthOutcome =
        switch exchange.failure?.reason {
        case _ where denial.isShadow: .wouldDeny
        case .credentialMissing?: .missing
        case .credentialInvalid?: .invalid
        case .identityUnavailable?, .keyLookupsLimited?: .undecided
        default: .insufficient
        }
      // Id 0 is that of no identity: see `MetricNames`.
      metrics.decided(outcome, identity: denial.identity?.metric ?? 0)
    } else if let principal = exchange.principal {
      metrics.decided(.proved, identity: principal.identity.metric)
    }
  }
}

extension Method {
  /// The method as a label: a token of the client's choice is `other`.
  var metric: MetricMethod {
    switch self {
    case .get: .get
    case .head: .head
    case .post: .post
    case .put: .put
    case .delete: .delete
    case .connect: .connect
    case .options: .options
    case .trace: .trace
    case .patch: .patch
    case .query: .query
    case .other: .other
    }
  }
}
