// What is known of upstreams at the moment of a scrape: read from what the workers share, not
// counted by them.

/// An upstream and its servers, as they stand.
package struct UpstreamReading: Sendable {
  package struct Server: Sendable {
    package var name: String
    /// Whether requests go there.
    package var isFit: Bool
    package var inFlight: UInt64
    /// Tries that failed since the start.
    package var failures: UInt64
    package var ejections: UInt64
    /// Nanoseconds to the first byte, smoothed; zero when nothing is known.
    package var latency: UInt64

    package init(
      name: String, isFit: Bool, inFlight: UInt64, failures: UInt64, ejections: UInt64,
      latency: UInt64
    ) {
      self.name = name
      self.isFit = isFit
      self.inFlight = inFlight
      self.failures = failures
      self.ejections = ejections
      self.latency = latency
    }
  }

  package var name: String
  /// Connections of all workers.
  package var openConnections: UInt64
  package var servers: [Server]

  package init(name: String, openConnections: UInt64, servers: [Server]) {
    self.name = name
    self.openConnections = openConnections
    self.servers = servers
  }
}

extension MetricsPage {
  func appendUpstreamReadings(to page: inout Exposition) {
    page.family(
      "sluice_upstream_connections", .gauge, "Open connections to an upstream, idle ones included.")
    for upstream in control.upstreams {
      page.sample([("upstream", upstream.name)], upstream.openConnections)
    }
    each("sluice_upstream_server_fit", .gauge, "Whether requests go to a server.", &page) {
      $0.isFit ? 1 : 0
    }
    each(
      "sluice_upstream_in_flight", .gauge, "Tries at a server that are under way.", &page,
      \.inFlight)
    each("sluice_upstream_failures", .counter, "Tries that a server failed.", &page, \.failures)
    each(
      "sluice_upstream_ejections", .counter, "Times that a server was passed over as an outlier.",
      &page, \.ejections)
    page.family(
      "sluice_upstream_latency_seconds", .gauge,
      "Smoothed time to the first byte; halves for each second without a request.")
    for upstream in control.upstreams {
      for server in upstream.servers where server.latency > 0 {
        page.sample(
          [("upstream", upstream.name), ("server", server.name)], nanoseconds: server.latency)
      }
    }
  }

  private func each(
    _ name: StaticString, _ kind: MetricKind, _ help: StaticString, _ page: inout Exposition,
    _ value: (UpstreamReading.Server) -> UInt64
  ) {
    page.family(name, kind, help)
    for upstream in control.upstreams {
      for server in upstream.servers {
        page.sample([("upstream", upstream.name), ("server", server.name)], value(server))
      }
    }
  }
}
