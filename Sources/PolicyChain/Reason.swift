// Why a request was not served: every refusal and every failure has one stable token, which stands
// in the problem document, the access log and the metrics alike. RFC 9457, RFC 9209 (Proxy-Status
// error types).

/// A stable reason, with the status that it answers and its name in Proxy-Status.
public struct Reason: Sendable, Equatable {
  /// Lower-case words joined by `_`; never changes once released.
  public let token: StaticString
  public let status: UInt16
  /// One sentence for the client; it tells nothing about what stands behind the edge.
  public let title: StaticString
  /// RFC 9457 section 3.1.1: a registered type of problem, or none.
  public let problemType: StaticString
  /// RFC 9209 section 2.3 error type; nil when the answer needs no Proxy-Status.
  public let proxyError: StaticString?

  public init(
    _ token: StaticString, _ status: UInt16, _ title: StaticString, proxy: StaticString? = nil,
    type: StaticString = "about:blank"
  ) {
    problemType = type
    self.token = token
    self.status = status
    self.title = title
    self.proxyError = proxy
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.status == b.status && a.token.description == b.token.description
  }
}

extension Reason {
  // Downstream: the request, or the client.
  public static let noRoute = Reason(
    "no_route", 404, "No route takes this host and path.")
  public static let methodNotAllowed = Reason(
    "method_not_allowed", 405, "The resource does not support this method.")
  public static let traceNotServed = Reason(
    "trace_not_served", 501, "TRACE is not served here.")
  public static let misdirected = Reason(
    "misdirected_request", 421, "The connection's certificate is not the one of this host.")
  public static let bodyTooLarge = Reason(
    "body_too_large", 413, "The request body is larger than this route accepts.")
  public static let bodyTimeout = Reason(
    "body_timeout", 408, "The request body did not arrive in time.")
  public static let badGRPCTimeout = Reason(
    "bad_grpc_timeout", 400, "The deadline of the call is not one that gRPC knows.")
  public static let badRequestDeadline = Reason(
    "bad_request_deadline", 400, "X-Request-Deadline takes whole milliseconds.")
  public static let upgradeMalformed = Reason(
    "upgrade_malformed", 400, "The request to upgrade breaks the rules of WebSocket.")
  public static let upgradeRefused = Reason(
    "upgrade_refused", 400, "An upgrade to this protocol is never made.")
  public static let upgradeNotServed = Reason(
    "upgrade_not_served", 501, "This resource is not reached by this protocol.")
  public static let headTimeout = Reason(
    "head_timeout", 408, "The request head did not arrive in time.")
  /// draft-ietf-httpapi-ratelimit-headers-10 section 6.1.
  public static let quotaExceeded = Reason(
    "quota_exceeded", 429, "Request cannot be satisfied as assigned quota has been exceeded",
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded")
  public static let clientGone = Reason(
    "client_gone", 499, "The client left before it had its answer.")
  public static let writeStalled = Reason(
    "write_stalled", 499, "The client stopped reading the answer.")

  public static let credentialMissing = Reason(
    "credential_missing", 401, "This resource needs a credential.")
  public static let credentialInvalid = Reason(
    "credential_invalid", 401, "The credential is not valid.")
  public static let identityUnavailable = Reason(
    "identity_unavailable", 503, "The credential cannot be judged now.")
  public static let keyLookupsLimited = Reason(
    "key_lookups_limited", 429, "Too many credentials with unknown keys were shown.")
  public static let insufficientScope = Reason(
    "insufficient_scope", 403, "The credential does not allow this.")

  // Upstream: what stands behind the gateway.
  public static let connectionRefused = Reason(
    "connection_refused", 502, "The upstream refused the connection.",
    proxy: "connection_refused")
  public static let connectionTerminated = Reason(
    "connection_terminated", 502, "The upstream closed the connection before its answer.",
    proxy: "connection_terminated")
  public static let connectTimeout = Reason(
    "connection_timeout", 504, "The upstream could not be reached in time.",
    proxy: "connection_timeout")
  public static let upstreamUnroutable = Reason(
    "destination_ip_unroutable", 502, "There is no way to the upstream.",
    proxy: "destination_ip_unroutable")
  public static let responseTimeout = Reason(
    "http_response_timeout", 504, "The upstream did not answer in time.",
    proxy: "http_response_timeout")
  public static let totalTimeout = Reason(
    "total_timeout", 504, "The request took longer than this route allows.",
    proxy: "http_response_timeout")
  public static let upstreamProtocol = Reason(
    "http_protocol_error", 502, "The upstream's answer was not valid HTTP.",
    proxy: "http_protocol_error")
  public static let upstreamTLS = Reason(
    "tls_protocol_error", 502, "The TLS handshake with the upstream failed.",
    proxy: "tls_protocol_error")
  public static let upstreamCertificate = Reason(
    "tls_certificate_error", 502, "The upstream's certificate was refused.",
    proxy: "tls_certificate_error")
  public static let upgradeNotMade = Reason(
    "upgrade_not_made", 502, "The upstream answered a handshake as if it were none.",
    proxy: "http_upgrade_failed")
  public static let nameNotResolved = Reason(
    "dns_error", 502, "The upstream's name could not be resolved.", proxy: "dns_error")
  public static let upstreamUnavailable = Reason(
    "destination_unavailable", 503, "No server of the upstream can take the request.",
    proxy: "destination_unavailable")
  public static let breakerOpen = Reason(
    "breaker_open", 503, "The upstream failed too often and is given a rest.",
    proxy: "destination_unavailable")
  public static let upstreamConnections = Reason(
    "connection_limit_reached", 503, "The upstream's connections are all in use.",
    proxy: "connection_limit_reached")

  // Ends of an upgraded connection: its answer has been sent, so that the status is told to nobody.
  public static let tunnelIdle = Reason(
    "upgrade_idle", 408, "Nothing came over the upgraded connection for too long.")
  public static let tunnelAge = Reason(
    "upgrade_max", 408, "The upgraded connection reached its greatest age.")
  public static let tunnelBytes = Reason(
    "upgrade_bytes", 413, "The upgraded connection carried all the bytes that it may.")

  // Gateway: this process.
  public static let draining = Reason(
    "draining", 503, "The gateway is shutting down.")
  public static let limitStoreUnavailable = Reason(
    "limit_store_unavailable", 503, "The request cannot be counted now.")
  public static let bulkheadFull = Reason(
    "bulkhead_full", 503, "Too many requests are being served here; none more can wait.")
  public static let queueTimeout = Reason(
    "queue_timeout", 503, "The request waited too long for its turn.")
  public static let overloaded = Reason(
    "overloaded", 503, "The gateway is at its limit.")
  public static let internalError = Reason(
    "proxy_internal_error", 500, "The gateway could not serve the request.",
    proxy: "proxy_internal_error")
}
