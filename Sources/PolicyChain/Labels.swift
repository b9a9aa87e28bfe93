// Names from the config as log and metrics use them: rendered once, and stable over reloads.

/// A route's name, and its id in the metrics.
public struct RouteLabel: Sendable {
  public let name: [UInt8]
  public let metric: UInt16

  public init(name: String, metric: UInt16) {
    self.name = Array(name.utf8)
    self.metric = metric
  }
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
public struct ServerLabel: Sendable, Hashable {
  public let upstream: [UInt8]
  public let server: [UInt8]
  public let upstreamMetric: UInt16
  public let serverMetric: UInt16

  public init(upstream: String, server: String, upstreamMetric: UInt16, serverMetric: UInt16) {
    self.upstream = Array(upstream.utf8)
    self.server = Array(server.utf8)
    self.upstreamMetric = upstreamMetric
    self.serverMetric = serverMetric
  }
}
