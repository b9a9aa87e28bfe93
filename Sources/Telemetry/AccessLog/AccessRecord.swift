// What the access log says about one request: views of text that others own, and numbers. Filled at
// the end of an exchange, encoded at once, never stored: the compiler keeps it from outliving the
// text it looks at.

import Bytes

/// One request as the access log tells it. Empty text and nil numbers are left out of the line.
///
/// Text may hold any bytes: the encoder escapes and bounds it. `query` is written with its values
/// replaced.
package struct AccessRecord: ~Escapable {
  /// When the request's first byte came, in milliseconds since 1970.
  package var unixMilliseconds: UInt64 = 0
  package var requestID: Span<UInt8>
  package var traceID: Span<UInt8>
  package var spanID: Span<UInt8>

  /// Names from the config; a request that no route took has none.
  package var listener: Span<UInt8>
  package var route: Span<UInt8>

  package var method: Span<UInt8>
  package var host: Span<UInt8>
  /// The path without its query.
  package var path: Span<UInt8>
  /// What follows the question mark, when there is one; its values are secrets to the log.
  package var query: Span<UInt8>
  package var hasQuery = false
  /// `HTTP/1.1` and the like.
  package var version: Span<UInt8>
  package var userAgent: Span<UInt8>
  /// Written by the `combined` format only, without its query.
  package var referer: Span<UInt8>

  /// Zero when no answer was sent.
  package var status: UInt16 = 0
  /// Body bytes taken from and sent to the client.
  package var bytesIn: UInt64 = 0
  package var bytesOut: UInt64 = 0

  /// The client as the trust rules see it, and the other end of the connection.
  package var clientAddress: Span<UInt8>
  package var peerAddress: Span<UInt8>

  /// Empty on plain connections: then no `tls` member is written.
  package var tlsVersion: Span<UInt8>
  package var tlsCipher: Span<UInt8>
  package var tlsServerName: Span<UInt8>
  package var tlsProtocol: Span<UInt8>
  package var isResumed = false

  /// Empty when the request went to no upstream: then no `upstream` member is written.
  package var upstream: Span<UInt8>
  package var server: Span<UInt8>
  package var attempts = 0
  package var upstreamStatus: UInt16 = 0

  /// From the request's first byte to the response's last, in nanoseconds.
  package var duration: UInt64 = 0
  /// From the request's first byte to the first of the upstream's answer.
  package var firstByte: UInt64?
  /// What of `duration` was spent here and not in waiting for client or upstream.
  package var overhead: UInt64?

  /// The identity that was proved or found wanting, and whom it names; empty without one.
  package var identity: Span<UInt8>
  package var subject: Span<UInt8>
  /// Why a rule decided against the request, and which one: its directive and place in the config.
  package var denyCause: Span<UInt8>
  package var denyRule: Span<UInt8>
  /// Whether the rule is in shadow mode, so that the request passed.
  package var isShadowDenial = false

  /// The stable reason of a failure, and whose it was: downstream, gateway or upstream.
  package var reason: Span<UInt8>
  package var origin: Span<UInt8>
  /// The bucket that refused the request, or would have.
  package var limit: Span<UInt8>
  package var flags: AccessFlags = []

  /// A record that says nothing yet.
  @_lifetime(immortal)
  package init() {
    requestID = Span()
    traceID = Span()
    spanID = Span()
    listener = Span()
    route = Span()
    method = Span()
    host = Span()
    path = Span()
    query = Span()
    version = Span()
    userAgent = Span()
    referer = Span()
    clientAddress = Span()
    peerAddress = Span()
    tlsVersion = Span()
    tlsCipher = Span()
    tlsServerName = Span()
    tlsProtocol = Span()
    upstream = Span()
    server = Span()
    identity = Span()
    subject = Span()
    denyCause = Span()
    denyRule = Span()
    reason = Span()
    origin = Span()
    limit = Span()
  }
}
