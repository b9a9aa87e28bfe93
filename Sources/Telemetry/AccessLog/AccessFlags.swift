// What else happened to a request, as a small set of words.

/// Facts about how a request ended that no other member of its log line tells.
package struct AccessFlags: OptionSet, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The client closed or reset before its answer was complete.
  package static let clientGone = Self(rawValue: 1 << 0)
  /// The answer's body broke off after its head was sent.
  package static let responseCut = Self(rawValue: 1 << 1)
  /// A second try was made on another connection or server.
  package static let retried = Self(rawValue: 1 << 2)
  /// The upstream connection had served another request before.
  package static let upstreamReused = Self(rawValue: 1 << 3)
  /// The connection was closed after this answer because the gateway was draining.
  package static let draining = Self(rawValue: 1 << 4)

  /// Which side ended an upgraded connection.
  package static let closedByClient = Self(rawValue: 1 << 5)
  package static let closedByUpstream = Self(rawValue: 1 << 6)

  /// All flags by their names in the log, in the order in which they are written.
  static let names: [(flag: AccessFlags, name: StaticString)] = [
    (.clientGone, "client_gone"), (.responseCut, "response_cut"), (.retried, "retried"),
    (.upstreamReused, "upstream_reused"), (.draining, "draining"),
    (.closedByClient, "closed_by_client"), (.closedByUpstream, "closed_by_upstream"),
  ]
}
