// A record with everything in it, for golden lines.

import Bytes

@testable import Telemetry

enum Sample {
  static let requestID: StaticString = "01936a5e-0000-7000-8000-000000000001"
  static let traceID: StaticString = "4bf92f3577b34da6a3ce929d0e0e4736"
  static let spanID: StaticString = "00f067aa0ba902b7"
  static let listener: StaticString = "edge"
  static let route: StaticString = "orders-api.list"
  static let method: StaticString = "GET"
  static let host: StaticString = "api.example.com"
  static let path: StaticString = "/v1/orders"
  static let query: StaticString = "limit=5&token=canary"
  static let version: StaticString = "HTTP/1.1"
  static let userAgent: StaticString = "curl/8.5.0"
  static let referer: StaticString = "https://app.example.com/list?session=canary#top"
  static let client: StaticString = "203.0.113.7"
  static let peer: StaticString = "10.0.0.9"
  /// What `AccessMembers` makes of a handshake and of a server; a test holds them to it.
  static let tls: StaticString = #"""
    ,"tls":{"version":"TLSv1.3","cipher":"TLS_AES_128_GCM_SHA256","sni":"api.example.com",\#
    "alpn":"http/1.1","resumed":true}
    """#
  static let upstream: StaticString = #","upstream":{"name":"orders","server":"10.0.1.5:8443""#
  static let reason: StaticString = "upstream_reset"
  static let origin: StaticString = "upstream"

  static func fill(_ record: inout AccessRecord) {
    record.unixMilliseconds = AccessLogTests.time
    record.requestID = requestID.bytes
    record.traceID = traceID.bytes
    record.spanID = spanID.bytes
    record.listener = listener.bytes
    record.route = route.bytes
    record.method = method.bytes
    record.host = host.bytes
    record.path = path.bytes
    record.query = query.bytes
    record.hasQuery = true
    record.version = version.bytes
    record.userAgent = userAgent.bytes
    record.referer = referer.bytes
    record.status = 200
    record.bytesOut = 112
    record.clientAddress = client.bytes
    record.peerAddress = peer.bytes
    record.tls = tls.bytes
    record.upstream = upstream.bytes
    record.attempts = 2
    record.upstreamStatus = 200
    record.duration = 12_345_678
    record.firstByte = 11_000_000
    record.overhead = 42_000
    record.reason = reason.bytes
    record.origin = origin.bytes
    record.flags = [.clientGone, .retried]
  }
}
