// Names from the config as log and metrics use them: rendered once, and stable over reloads. A
// worker serves with copies of its own, so that no two cores share a reference count.

import Telemetry

/// A route's name, and its id in the metrics.
public final class RouteLabel: Sendable {
  public let name: [UInt8]
  public let metric: UInt16

  public convenience init(name: String, metric: UInt16) {
    self.init(Array(name.utf8), metric: metric)
  }

  private init(_ name: [UInt8], metric: UInt16) {
    self.name = name
    self.metric = metric
  }

  /// The same label with storage of its own.
  public func copy() -> RouteLabel { RouteLabel(name.map { $0 }, metric: metric) }
}

/// An identity's name, and its id in the metrics.
public struct IdentityLabel: Sendable {
  public let name: [UInt8]
  public let metric: UInt16

  public init(name: String, metric: UInt16) {
    self.name = Array(name.utf8)
    self.metric = metric
  }
}

/// A server's names, and its ids in the metrics.
public final class ServerLabel: Sendable, Hashable {
  public let upstream: [UInt8]
  public let server: [UInt8]
  public let upstreamMetric: UInt16
  public let serverMetric: UInt16
  /// Both names as the log writes them.
  public let logMembers: [UInt8]

  public convenience init(
    upstream: String, server: String, upstreamMetric: UInt16, serverMetric: UInt16
  ) {
    self.init(
      Array(upstream.utf8), Array(server.utf8), upstreamMetric: upstreamMetric,
      serverMetric: serverMetric)
  }

  private init(
    _ upstream: [UInt8], _ server: [UInt8], upstreamMetric: UInt16, serverMetric: UInt16
  ) {
    self.upstream = upstream
    self.server = server
    self.upstreamMetric = upstreamMetric
    self.serverMetric = serverMetric
    logMembers = AccessMembers.upstream(name: upstream.span, server: server.span)
  }

  /// The same label with storage of its own.
  public func copy() -> ServerLabel {
    ServerLabel(
      upstream.map { $0 }, server.map { $0 }, upstreamMetric: upstreamMetric,
      serverMetric: serverMetric)
  }

  public static func == (a: ServerLabel, b: ServerLabel) -> Bool {
    a.upstream == b.upstream && a.server == b.server && a.upstreamMetric == b.upstreamMetric
      && a.serverMetric == b.serverMetric
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(upstream)
    hasher.combine(server)
  }
}
