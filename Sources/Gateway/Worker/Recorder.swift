// What is kept of an exchange once it is over: one log line and a few counters. One per worker.

import Bytes
import Engine
import HTTPMessage
import PolicyChain
import Telemetry

/// Writes a worker's part of the access log and of the metrics.
final class Recorder {
  let metrics = WorkerMetrics()
  private var sink: AccessLogSink?
  private let noRoute: RouteLabel
  private let protocolErrors: [String: UInt16]

  /// - Parameters:
  ///   - sink: nil when the access log is off.
  ///   - noRoute: stands for requests that no route took.
  ///   - protocolErrors: metric ids by the tokens of broken rules.
  init(sink: AccessLogSink?, noRoute: RouteLabel, protocolErrors: [String: UInt16]) {
    self.sink = sink
    self.noRoute = noRoute
    self.protocolErrors = protocolErrors
  }

  func tick(now: Instant) { sink?.tick(now: now.nanoseconds) }
  func flushLog() { sink?.flush() }

  /// Goes on with another log; what has gathered goes to the old one.
  func log(to sink: AccessLogSink?) {
    flushLog()
    self.sink = sink
  }

  func countProtocolError(_ token: StaticString) {
    if let id = protocolErrors[token.description] { metrics.protocolError(id) }
  }

  /// Records an exchange that is over, before it is reset.
  func record(_ exchange: Exchange, listenerName: [UInt8], now: Instant) {
    let duration = now.since(exchange.startedAt)
    let overhead = duration > exchange.waitedNanoseconds ? duration - exchange.waitedNanoseconds : 0
    count(exchange, duration: duration, overhead: overhead)
    guard let sink else { return }
    let names = LineText(exchange)
    let request = exchange.request
    let fields = request.fields
    var record = AccessRecord()
    record.unixMilliseconds = exchange.wallMilliseconds
    record.requestID = request.text(exchange.requestID)
    record.traceID = request.text(exchange.traceID)
    record.spanID = request.text(exchange.spanID)
    record.listener = listenerName.span
    record.route = names.route.span
    record.method = request.text(request.methodText)
    record.host = request.text(request.host)
    record.path = request.text(exchange.askedPath)
    if let query = exchange.askedQuery {
      record.hasQuery = true
      record.query = request.text(query)
    }
    record.version = request.version.name.bytes
    if let agent = fields.first(.userAgent) { record.userAgent = fields.value(at: agent) }
    let security = exchange.connection?.security
    if let security {
      record.tlsVersion = security.version.bytes
      record.tlsCipher = security.cipher.bytes
      record.tlsServerName = names.serverName.span
      record.tlsProtocol = names.protocolName.span
      record.isResumed = security.isResumed
    }
    record.status = exchange.recordedStatus
    record.bytesIn = exchange.outcome.requestBodyBytes
    record.bytesOut = exchange.outcome.responseBodyBytes
    record.peerAddress = names.peer.span
    record.clientAddress =
      exchange.clientText.isEmpty ? names.peer.span : request.text(exchange.clientText)
    record.upstream = names.upstream.span
    record.server = names.server.span
    record.attempts = exchange.upstream.attempts
    record.upstreamStatus = exchange.upstream.status
    record.duration = duration
    record.firstByte = exchange.upstream.firstByteAt.map { $0.since(exchange.startedAt) }
    record.overhead = overhead
    record.identity = names.identity.span
    record.subject = names.subject.span
    if let denial = exchange.denial {
      record.denyCause = denial.cause.token.bytes
      record.denyRule = names.rule.span
      record.isShadowDenial = denial.isShadow
    }
    if let failure = exchange.failure {
      record.reason = failure.reason.token.bytes
      record.origin = failure.origin.name.bytes
    }
    record.flags = flags(exchange)
    sink.append(record, now: now.nanoseconds)
  }

  private func flags(_ exchange: Exchange) -> AccessFlags {
    var flags: AccessFlags = []
    if exchange.failure?.reason == .clientGone { flags.insert(.clientGone) }
    if !exchange.outcome.isComplete { flags.insert(.responseCut) }
    if exchange.upstream.attempts > 1 { flags.insert(.retried) }
    if exchange.upstream.isReused { flags.insert(.upstreamReused) }
    switch exchange.outcome.closedBy {
    case .client: flags.insert(.closedByClient)
    case .upstream: flags.insert(.closedByUpstream)
    case nil: break
    }
    return flags
  }

  private func count(_ exchange: Exchange, duration: UInt64, overhead: UInt64) {
    let key = RequestKey(
      listener: UInt16(truncatingIfNeeded: exchange.connection?.listener.index ?? 0),
      route: (exchange.route ?? noRoute).metric, method: exchange.request.method.metric,
      status: exchange.recordedStatus)
    metrics.requestEnded(key, duration: duration, overhead: overhead)
    countDecision(exchange)
    guard let label = exchange.server else { return }
    let sent = exchange.upstream.sentAt ?? exchange.startedAt
    let answered = exchange.upstream.firstByteAt
    metrics.upstreamEnded(
      upstream: label.upstreamMetric, server: label.serverMetric, status: exchange.upstream.status,
      duration: answered.map { $0.since(sent) } ?? duration)
  }
}

/// Text that a log line borrows: names of the config, and what connection and caller are called.
private struct LineText {
  let peer: [UInt8]
  let serverName: [UInt8]
  let protocolName: [UInt8]
  let route: [UInt8]
  let upstream: [UInt8]
  let server: [UInt8]
  let identity: [UInt8]
  let subject: [UInt8]
  let rule: [UInt8]

  init(_ exchange: Exchange) {
    let connection = exchange.connection
    peer = connection?.peerText ?? []
    serverName = connection?.security?.serverName ?? []
    protocolName = connection?.security?.protocolName ?? []
    route = exchange.route?.name ?? []
    upstream = exchange.server?.upstream ?? []
    server = exchange.server?.server ?? []
    let (principal, denial) = (exchange.principal, exchange.denial)
    identity = denial?.identity?.name ?? principal?.identity.name ?? []
    subject = principal?.subject ?? []
    rule = denial?.rule ?? []
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
