// What the access log says about one request: views of text that others own, and numbers. Filled at
// the end of an exchange, encoded at once, never stored: the compiler keeps it from outliving the
// text it looks at.

import Bytes

/// One request as the access log tells it. Empty text and nil numbers are left out of the line.
///
/// Text may hold any bytes: the encoder escapes and bounds it. `query` is written with its values
/// replaced.
public struct AccessRecord: ~Escapable {
  /// When the request's first byte came, in milliseconds since 1970.
  public var unixMilliseconds: UInt64 = 0
  public var requestID: Span<UInt8>
  public var traceID: Span<UInt8>
  public var spanID: Span<UInt8>

  /// Names from the config; a request that no route took has none.
  public var listener: Span<UInt8>
  public var route: Span<UInt8>

  public var method: Span<UInt8>
  public var host: Span<UInt8>
  /// The path without its query.
  public var path: Span<UInt8>
  /// What follows the question mark, when there is one; its values are secrets to the log.
  public var query: Span<UInt8>
  public var hasQuery = false
  /// `HTTP/1.1` and the like.
  public var version: Span<UInt8>
  public var userAgent: Span<UInt8>
  /// Written by the `combined` format only, without its query.
  public var referer: Span<UInt8>

  /// Zero when no answer was sent.
  public var status: UInt16 = 0
  /// Body bytes taken from and sent to the client.
  public var bytesIn: UInt64 = 0
  public var bytesOut: UInt64 = 0

  /// The client as the trust rules see it, and the other end of the connection.
  public var clientAddress: Span<UInt8>
  public var peerAddress: Span<UInt8>

  /// What `AccessMembers.tls` makes of what the handshake agreed on. Empty on plain connections.
  public var tls: Span<UInt8>

  /// What `AccessMembers.upstream` makes of the names of upstream and server. Empty when the
  /// request went to no upstream: then no `upstream` member is written.
  public var upstream: Span<UInt8>
  public var attempts = 0
  public var upstreamStatus: UInt16 = 0

  /// From the request's first byte to the response's last, in nanoseconds.
  public var duration: UInt64 = 0
  /// From the request's first byte to the first of the upstream's answer.
  public var firstByte: UInt64?
  /// What of `duration` was spent here and not in waiting for client or upstream.
  public var overhead: UInt64?

  /// The identity that was proved or found wanting, and whom it names; empty without one.
  public var identity: Span<UInt8>
  public var subject: Span<UInt8>
  /// Why a rule decided against the request, and which one: its directive and place in the config.
  public var denyCause: Span<UInt8>
  public var denyRule: Span<UInt8>
  /// Whether the rule is in shadow mode, so that the request passed.
  public var isShadowDenial = false

  /// The stable reason of a failure, and whose it was: downstream, gateway or upstream.
  public var reason: Span<UInt8>
  public var origin: Span<UInt8>
  /// The bucket that refused the request, or would have.
  public var limit: Span<UInt8>
  public var flags: AccessFlags = []

  /// A record that says nothing yet.
  @_lifetime(immortal) @inlinable
  public init() {
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
    tls = Span()
    upstream = Span()
    identity = Span()
    subject = Span()
    denyCause = Span()
    denyRule = Span()
    reason = Span()
    origin = Span()
    limit = Span()
  }
}
