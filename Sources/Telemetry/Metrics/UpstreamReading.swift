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
    /// What active checks say; nil when nobody checks.
    package var isHealthy: Bool?
    /// Active checks that ended well, and those that did not.
    package var checks: (good: UInt64, bad: UInt64)

    package init(
      name: String, isFit: Bool, inFlight: UInt64, failures: UInt64, ejections: UInt64,
      latency: UInt64, isHealthy: Bool?, checks: (good: UInt64, bad: UInt64)
    ) {
      self.isHealthy = isHealthy
      self.checks = checks
      self.name = name
      self.isFit = isFit
      self.inFlight = inFlight
      self.failures = failures
      self.ejections = ejections
      self.latency = latency
    }
  }

  /// The circuit breaker of an upstream.
  package struct Breaker: Sendable {
    /// `closed`, `open`, `half-open` or `ramp`.
    package var state: String
    package var opened: UInt64
    /// Requests that were refused since it was not closed.
    package var refused: UInt64
    /// Refused requests that a route's fallback has answered.
    package var fallbacks: UInt64

    package init(state: String, opened: UInt64, refused: UInt64, fallbacks: UInt64) {
      self.fallbacks = fallbacks
      self.state = state
      self.opened = opened
      self.refused = refused
    }
  }

  package var name: String
  /// Connections of all workers.
  package var openConnections: UInt64
  package var servers: [Server]
  /// Nil when the upstream has none.
  package var breaker: Breaker?
  /// Retries by what was behind them.
  package var retries: [(cause: String, count: UInt64)] = []
  /// Retries that the budget did not allow.
  package var deniedRetries: UInt64 = 0
  /// Copies of requests that it was to get, by what became of them.
  package var copies: [(outcome: String, count: UInt64)] = []

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

  func appendUpstreamResilience(to page: inout Exposition) {
    page.family(
      "sluice_upstream_server_healthy", .gauge, "What active checks say of a server.")
    for upstream in control.upstreams {
      for server in upstream.servers {
        guard let isHealthy = server.isHealthy else { continue }
        page.sample(
          [("upstream", upstream.name), ("server", server.name)], UInt64(isHealthy ? 1 : 0))
      }
    }
    page.family("sluice_upstream_health_checks", .counter, "Active checks by result.")
    for upstream in control.upstreams {
      for server in upstream.servers where server.isHealthy != nil {
        let labels: [Label] = [
          ("upstream", upstream.name), ("server", server.name),
        ]
        page.sample(labels + [("result", "success")], server.checks.good)
        page.sample(labels + [("result", "failure")], server.checks.bad)
      }
    }
    page.family("sluice_upstream_retries", .counter, "Tries after the first, by cause.")
    for upstream in control.upstreams {
      for (cause, count) in upstream.retries where count > 0 {
        page.sample([("upstream", upstream.name), ("cause", cause)], count)
      }
    }
    page.family(
      "sluice_upstream_retries_denied", .counter, "Retries that the budget did not allow.")
    for upstream in control.upstreams {
      page.sample([("upstream", upstream.name)], upstream.deniedRetries)
    }
    page.family(
      "sluice_mirror_requests", .counter, "Copies of requests, by what became of them.")
    for upstream in control.upstreams {
      for (outcome, count) in upstream.copies where count > 0 {
        page.sample([("upstream", upstream.name), ("result", outcome)], count)
      }
    }
    appendBreakers(to: &page)
  }

  private func appendBreakers(to page: inout Exposition) {
    page.family("sluice_upstream_breaker_closed", .gauge, "Whether a breaker is closed.")
    for upstream in control.upstreams {
      guard let breaker = upstream.breaker else { continue }
      page.sample(
        [("upstream", upstream.name)], UInt64(breaker.state == "closed" ? 1 : 0))
    }
    page.family("sluice_upstream_breaker_opened", .counter, "Times that a breaker opened.")
    for upstream in control.upstreams {
      guard let breaker = upstream.breaker else { continue }
      page.sample([("upstream", upstream.name)], breaker.opened)
    }
    page.family("sluice_upstream_breaker_refused", .counter, "Requests that a breaker refused.")
    for upstream in control.upstreams {
      guard let breaker = upstream.breaker else { continue }
      page.sample([("upstream", upstream.name)], breaker.refused)
    }
    page.family(
      "sluice_upstream_fallbacks", .counter, "Refused requests that a fallback has answered.")
    for upstream in control.upstreams {
      guard let breaker = upstream.breaker else { continue }
      page.sample([("upstream", upstream.name)], breaker.fallbacks)
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
