// Names from the config as log and metrics use them: rendered once, and stable over reloads.

/// A route's name, and its id in the metrics.
package struct RouteLabel: Sendable {
  package let name: [UInt8]
  package let metric: UInt16

  package init(name: String, metric: UInt16) {
    self.name = Array(name.utf8)
    self.metric = metric
  }
}

/// A server's names, and its ids in the metrics.
package struct ServerLabel: Sendable, Hashable {
  package let upstream: [UInt8]
  package let server: [UInt8]
  package let upstreamMetric: UInt16
  package let serverMetric: UInt16

  package init(upstream: String, server: String, upstreamMetric: UInt16, serverMetric: UInt16) {
    self.upstream = Array(upstream.utf8)
    self.server = Array(server.utf8)
    self.upstreamMetric = upstreamMetric
    self.serverMetric = serverMetric
  }
}
