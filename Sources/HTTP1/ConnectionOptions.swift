// The Connection field: whether the connection stays, and which fields end here. RFC 9110 section
// 7.6.1.

import Bytes
import HTTPMessage

/// The connection options of one head.
struct ConnectionOptions {
  /// Options of one head. Each one that names a field costs a pass over all fields.
  static let optionsMax = 16

  private(set) var closes = false
  private(set) var keepsAlive = false
  /// Whether `upgrade` is among the options.
  private(set) var upgrades = false
  /// Whether an option names a field that is to be dropped.
  private(set) var namesFields = false
  private var count = 0

  /// Reads one Connection line. Fields in `protected` may not be named: whoever could drop them
  /// would change what policies and upstreams see (CVE-2024-45410).
  mutating func add(_ value: Span<UInt8>, protected: KnownFieldSet) throws(HTTP1Error) {
    if count == 0, value.equalsName("keep-alive") {
      // What nearly all senders say that say anything.
      count = 1
      keepsAlive = true
      return
    }
    var tokens = ListTokens()
    while let range = try tokens.next(in: value) {
      count += 1
      guard count <= Self.optionsMax else { throw .badConnection }
      let option = value.extracting(range)
      if option.equalsName("close") {
        closes = true
      } else if option.equalsName("keep-alive") {
        keepsAlive = true
      } else if option.equalsName("upgrade") {
        // The encoders never pass Upgrade on; before, who allows upgrades has a look at it.
        upgrades = true
      } else {
        guard !protected.contains(KnownField(name: option)) else {
          throw .protectedConnectionOption
        }
        namesFields = true
      }
    }
  }

  /// Whether the sender keeps the connection open after this message. RFC 9112 section 9.3.
  func persists(in version: HTTPVersion) -> Bool {
    !closes && (version != .http10 || keepsAlive)
  }

  /// Marks the lines that the Connection lines of `fields` name as removed, but for Upgrade: see
  /// `upgrades`.
  func dropNamed(from fields: FieldSection) throws(HTTP1Error) {
    guard namesFields else { return }
    for index in fields.entries.indices where fields.entries[index].field == .connection {
      let value = fields.value(at: index)
      var tokens = ListTokens()
      while let range = try tokens.next(in: value) {
        let option = value.extracting(range)
        if !option.equalsName("upgrade") { fields.removeAll(named: option) }
      }
    }
  }

  /// What a client may not name: the host, credentials, framing, and all that Sluice sets for
  /// upstreams.
  static let protectedInRequests = KnownFieldSet([
    .host, .authorization, .proxyAuthorization, .cookie, .contentLength, .transferEncoding,
    .contentType, .contentEncoding, .origin, .expect, .via, .forwarded, .xForwardedFor,
    .xForwardedHost, .xForwardedProto, .xForwardedPort, .xForwardedPrefix, .xForwardedURI,
    .xForwardedMethod, .xForwardedServer, .xForwardedSSL, .xRealIP, .xClientIP, .trueClientIP,
    .clientCert, .clientCertChain, .xRequestID, .traceparent, .tracestate, .b3,
  ])

  /// What an upstream may not name: its framing, and what says how its body is to be read.
  static let protectedInResponses = KnownFieldSet([
    .contentLength, .transferEncoding, .contentType, .contentEncoding, .contentRange, .setCookie,
    .cacheControl, .vary,
  ])
}
