// What else happened to a request, as a small set of words.

/// Facts about how a request ended that no other member of its log line tells.
public struct AccessFlags: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: UInt16
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The client closed or reset before its answer was complete.
  @inlinable public static var clientGone: Self { Self(rawValue: 1 << 0) }
  /// The answer's body broke off after its head was sent.
  @inlinable public static var responseCut: Self { Self(rawValue: 1 << 1) }
  /// A second try was made on another connection or server.
  @inlinable public static var retried: Self { Self(rawValue: 1 << 2) }
  /// The upstream connection had served another request before.
  @inlinable public static var upstreamReused: Self { Self(rawValue: 1 << 3) }
  /// The connection was closed after this answer because the gateway was draining.
  @inlinable public static var draining: Self { Self(rawValue: 1 << 4) }

  /// Which side ended an upgraded connection.
  @inlinable public static var closedByClient: Self { Self(rawValue: 1 << 5) }
  @inlinable public static var closedByUpstream: Self { Self(rawValue: 1 << 6) }
  /// A policy that only watches would have refused the request.
  @inlinable public static var wouldDeny: Self { Self(rawValue: 1 << 7) }
  /// The route's fallback answered, since the breaker of its upstream was open.
  @inlinable public static var fallback: Self { Self(rawValue: 1 << 8) }

  /// All flags by their names in the log, in the order in which they are written.
  static let names: [(flag: AccessFlags, name: StaticString)] = [
    (.clientGone, "client_gone"), (.responseCut, "response_cut"), (.retried, "retried"),
    (.upstreamReused, "upstream_reused"), (.draining, "draining"),
    (.closedByClient, "closed_by_client"), (.closedByUpstream, "closed_by_upstream"),
    (.wouldDeny, "would_deny"), (.fallback, "fallback"),
  ]
}
