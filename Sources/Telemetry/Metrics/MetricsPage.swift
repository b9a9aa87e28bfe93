// The families that /metrics shows, in the order in which they are shown. Names and labels are a
// promise to dashboards: they change only with a sentence in the changelog. Labels hold names from
// the config, nothing else.

import Bytes

/// Everything that one scrape needs.
package struct MetricsPage: Sendable {
  package var totals: MetricsTotals
  package var names: MetricNames
  package var control: ControlMetrics
  package var bulkheads: [BulkheadReading] = []
  package var keys: [KeyReading] = []
  /// Whether each store of limits answers.
  package var stores: [(name: String, isUp: Bool)] = []
  /// Nil when /proc could not be read: then the process families are left out.
  package var process: ProcessUsage?

  package init(
    totals: MetricsTotals, names: MetricNames, control: ControlMetrics, process: ProcessUsage?
  ) {
    self.totals = totals
    self.names = names
    self.control = control
    self.process = process
  }

  package func render(_ format: ExpositionFormat) -> Output {
    var page = Exposition(format: format)
    appendRequests(to: &page)
    appendUpstreams(to: &page)
    appendUpstreamReadings(to: &page)
    appendUpstreamResilience(to: &page)
    appendConnections(to: &page)
    appendDecisions(to: &page)
    appendKeys(to: &page)
    appendLimits(to: &page)
    appendBulkheads(to: &page)
    appendStores(to: &page)
    appendControl(to: &page)
    appendProcess(to: &page)
    return page.finish()
  }

  private func appendRequests(to page: inout Exposition) {
    page.family("sluice_http_requests", .counter, "Requests by route, method and status code.")
    for (key, count) in totals.requests.sorted(by: { $0.key.packed < $1.key.packed }) {
      page.sample(
        [
          ("listener", names.listeners[key.listener]), ("route", names.routes[key.route]),
          ("method", key.method.label), ("code", key.status == 0 ? "none" : String(key.status)),
        ], count)
    }
    page.family(
      "sluice_http_request_duration_seconds", .histogram,
      "Time from a request's first byte to its answer's last.")
    for (key, histogram) in totals.durations.sorted(by: { $0.key < $1.key })
    where histogram.count > 0 {
      page.sample(
        [
          ("listener", names.listeners[key.listener]), ("route", names.routes[key.route]),
          ("code_class", key.codeClass.label),
        ], histogram, scale: .requestDuration)
    }
    page.family(
      "sluice_http_overhead_seconds", .histogram,
      "What the gateway itself took of a request's time.")
    for (route, histogram) in totals.overheads.sorted(by: { $0.key < $1.key })
    where histogram.count > 0 {
      page.sample([("route", names.routes[route])], histogram, scale: .overhead)
    }
  }

  private func appendUpstreams(to page: inout Exposition) {
    page.family("sluice_upstream_requests", .counter, "Tries at servers by class of status code.")
    let classes = CodeClass.allCases
    for (cell, count) in totals.upstreamRequests.enumerated() where count > 0 {
      let server = names.server(UInt16(truncatingIfNeeded: cell / classes.count))
      page.sample(
        [
          ("upstream", server.upstream), ("server", server.name),
          ("code_class", classes[cell % classes.count].label),
        ], count)
    }
    page.family(
      "sluice_upstream_request_duration_seconds", .histogram,
      "Time from the start of a try at a server to its end.")
    for (upstream, histogram) in totals.upstreamDurations.enumerated() where histogram.count > 0 {
      let name = names.upstreams[UInt16(truncatingIfNeeded: upstream)]
      page.sample([("upstream", name)], histogram, scale: .requestDuration)
    }
  }

  private func appendConnections(to page: inout Exposition) {
    page.family("sluice_open_connections", .gauge, "Client connections that are open.")
    for (listener, count) in totals.openConnections.enumerated() {
      page.sample([("listener", names.listeners[UInt16(truncatingIfNeeded: listener)])], count)
    }
    page.family("sluice_tls_handshakes", .counter, "TLS handshakes by version and result.")
    for (cell, count) in totals.handshakes.enumerated() where count > 0 {
      let key = HandshakeKey(cell: cell)
      page.sample(
        [
          ("listener", names.listeners[key.listener]), ("version", key.version.label),
          ("result", key.result.label),
        ], count)
    }
    page.family(
      "sluice_protocol_errors", .counter, "Messages that broke the rules of their protocol.")
    for (reason, count) in totals.protocolErrors.enumerated() where count > 0 {
      let name = names.protocolErrors[UInt16(truncatingIfNeeded: reason)]
      page.sample([("reason", name)], count)
    }
    page.family("sluice_fields_dropped", .counter, "Request fields dropped for their names.")
    page.sample([], totals.fieldsDropped)
  }

  private func appendDecisions(to page: inout Exposition) {
    page.family("sluice_auth_decisions", .counter, "Requests by identity and what auth decided.")
    let outcomes = AuthOutcome.allCases
    for (cell, count) in totals.authDecisions.enumerated() where count > 0 {
      let identity = names.identities[UInt16(truncatingIfNeeded: cell / outcomes.count)]
      page.sample(
        [("identity", identity), ("outcome", outcomes[cell % outcomes.count].label)], count)
    }
  }

  private func appendLimits(to page: inout Exposition) {
    page.family("sluice_limit_decisions", .counter, "Decisions of limits by bucket and verdict.")
    let verdicts = LimitVerdict.allCases
    for (cell, count) in totals.limitDecisions.enumerated() where count > 0 {
      page.sample(
        [
          ("bucket", names.buckets[UInt16(truncatingIfNeeded: cell / verdicts.count)]),
          ("verdict", verdicts[cell % verdicts.count].label),
        ], count)
    }
  }

  private func appendStores(to page: inout Exposition) {
    page.family("sluice_redis_up", .gauge, "Whether a redis answers (1) or not.")
    for store in stores { page.sample([("redis", store.name)], UInt64(store.isUp ? 1 : 0)) }
  }

  private func appendBulkheads(to page: inout Exposition) {
    page.family("sluice_bulkhead_in_use", .gauge, "Requests that hold a place.")
    for one in bulkheads { page.sample([("bulkhead", one.name)], one.inUse) }
    page.family("sluice_bulkhead_waiting", .gauge, "Requests that wait for a place.")
    for one in bulkheads { page.sample([("bulkhead", one.name)], one.waiting) }
    page.family("sluice_bulkhead_requests", .counter, "Requests by how they fared at a bulkhead.")
    for one in bulkheads {
      for (verdict, count) in one.verdicts where count > 0 {
        page.sample([("bulkhead", one.name), ("verdict", verdict)], count)
      }
    }
  }

  private func appendControl(to page: inout Exposition) {
    page.family("sluice_config", .info, "The config that is served.")
    page.sample([("hash", control.configHash)], UInt64(1))
    page.family("sluice_config_reloads", .counter, "Reloads by result.")
    page.sample([("result", "success")], control.reloadsSucceeded)
    page.sample([("result", "failure")], control.reloadsFailed)
    page.family(
      "sluice_config_last_reload_success", .gauge, "Whether the last reload was taken (1) or not.")
    page.sample([], UInt64(control.isLastReloadGood ? 1 : 0))
    page.family(
      "sluice_config_last_reload_timestamp_seconds", .gauge, "When the served config was taken.")
    page.sample([], control.lastReloadUnixSeconds)
    page.family(
      "sluice_access_log_dropped", .counter, "Log lines given up since the output was too slow.")
    page.sample([], control.accessLogDropped)
    page.family(
      "sluice_policy_exceptions_expired", .gauge, "Exceptions from policy past their last day.")
    page.sample([], control.expiredExceptions)
    page.family("sluice_build", .info, "The program that runs.")
    page.sample([("version", control.version)], UInt64(1))
  }

  private func appendProcess(to page: inout Exposition) {
    guard let process else { return }
    page.family("process_cpu_seconds", .counter, "User and system time of the process.")
    page.sample([], nanoseconds: process.cpuNanoseconds)
    page.family("process_open_fds", .gauge, "Open file descriptors.")
    page.sample([], process.openDescriptors)
    page.family("process_resident_memory_bytes", .gauge, "Memory that is resident.")
    page.sample([], process.residentBytes)
    page.family("process_start_time_seconds", .gauge, "When the process started.")
    page.sample([], process.startUnixSeconds)
  }
}
