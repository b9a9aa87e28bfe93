// /metrics as a scraper reads it: escaping, forms, and every sample back from the text.

import Bytes
import Testing

@testable import Telemetry

@Suite struct ExpositionTests {
  static var upstreamReading: UpstreamReading {
    var reading = UpstreamReading(
      name: "orders", openConnections: 9,
      servers: [
        UpstreamReading.Server(
          name: "10.0.0.1:80", isFit: false, inFlight: 3, failures: 4, ejections: 1,
          latency: 1_500_000, isHealthy: true, checks: (good: 7, bad: 2))
      ])
    reading.breaker = UpstreamReading.Breaker(state: "open", opened: 2, refused: 11, fallbacks: 5)
    reading.retries = [("reset", 6), ("status", 0)]
    reading.deniedRetries = 8
    return reading
  }

  @Test(arguments: [
    ("sluice_upstream_connections{upstream=\"orders\"}", "9"),
    ("sluice_upstream_server_fit{upstream=\"orders\",server=\"10.0.0.1:80\"}", "0"),
    ("sluice_upstream_in_flight{upstream=\"orders\",server=\"10.0.0.1:80\"}", "3"),
    ("sluice_upstream_failures_total{upstream=\"orders\",server=\"10.0.0.1:80\"}", "4"),
    ("sluice_upstream_ejections_total{upstream=\"orders\",server=\"10.0.0.1:80\"}", "1"),
    ("sluice_upstream_latency_seconds{upstream=\"orders\",server=\"10.0.0.1:80\"}", "0.0015"),
    ("sluice_upstream_server_healthy{upstream=\"orders\",server=\"10.0.0.1:80\"}", "1"),
    (
      "sluice_upstream_health_checks_total{upstream=\"orders\",server=\"10.0.0.1:80\","
        + "result=\"failure\"}", "2"
    ),
    ("sluice_upstream_retries_total{upstream=\"orders\",cause=\"reset\"}", "6"),
    ("sluice_upstream_retries_total{upstream=\"orders\",cause=\"status\"}", nil),
    ("sluice_upstream_retries_denied_total{upstream=\"orders\"}", "8"),
    ("sluice_upstream_breaker_closed{upstream=\"orders\"}", "0"),
    ("sluice_upstream_breaker_opened_total{upstream=\"orders\"}", "2"),
    ("sluice_upstream_breaker_refused_total{upstream=\"orders\"}", "11"),
    ("sluice_upstream_fallbacks_total{upstream=\"orders\"}", "5"),
  ])
  func `how an upstream stands can be read`(series: String, value: String?) {
    #expect(Self.samples(Self.text(.prometheus))[series] == value)
  }

  static func page() -> MetricsPage {
    var names = MetricNames()
    let listener = names.listeners.id(of: "edge")
    let route = names.routes.id(of: "orders.list")
    let upstream = names.upstreams.id(of: "orders")
    let server = names.server("10.0.0.1:80", of: upstream)
    let reason = names.protocolErrors.id(of: "bad_chunk")
    let metrics = WorkerMetrics()
    for status in [200, 200, 404] as [UInt16] {
      let key = RequestKey(listener: listener, route: route, method: .get, status: status)
      metrics.requestEnded(key, duration: 30_000_000, overhead: 12_345)
    }
    metrics.upstreamEnded(upstream: upstream, server: server, status: 200, duration: 29_000_000)
    metrics.connectionOpened(listener: listener)
    metrics.handshakeEnded(HandshakeKey(listener: listener, version: .tls13, result: .full))
    metrics.protocolError(reason)
    var control = ControlMetrics(version: "0.1.0", configHash: "ab12")
    control.reloadsSucceeded = 2
    control.accessLogDropped = 5
    control.upstreams = [upstreamReading]
    let process = ProcessUsage(
      cpuNanoseconds: 1_500_000_000, residentBytes: 4096, openDescriptors: 7,
      startUnixSeconds: 1_700_000_000)
    return MetricsPage(
      totals: MetricsTotals() + metrics.snapshot(), names: names, control: control,
      process: process)
  }

  static func text(_ format: ExpositionFormat) -> String { page().render(format).bytes.text }

  /// Samples by everything before the value.
  static func samples(_ text: String) -> [String: String] {
    var samples: [String: String] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let blank = line.lastIndex(of: " ") else {
        Issue.record("A sample has a name and a value: \(line)")
        continue
      }
      let name = String(line[..<blank])
      #expect(samples[name] == nil, "A series stands once: \(name)")
      samples[name] = String(line[line.index(after: blank)...])
    }
    return samples
  }

  @Test func `what was counted reads back from the text`() {
    let samples = Self.samples(Self.text(.prometheus))
    let place = #"listener="edge",route="orders.list""#
    let duration = "sluice_http_request_duration_seconds"
    let expected = [
      #"sluice_http_requests_total{\#(place),method="GET",code="200"}"#: "2",
      #"sluice_http_requests_total{\#(place),method="GET",code="404"}"#: "1",
      #"\#(duration)_bucket{\#(place),code_class="2xx",le="0.025"}"#: "0",
      #"\#(duration)_bucket{\#(place),code_class="2xx",le="0.05"}"#: "2",
      #"\#(duration)_bucket{\#(place),code_class="2xx",le="+Inf"}"#: "2",
      #"\#(duration)_sum{\#(place),code_class="2xx"}"#: "0.06",
      #"\#(duration)_count{\#(place),code_class="4xx"}"#: "1",
      #"sluice_http_overhead_seconds_sum{route="orders.list"}"#: "0.000037035",
      #"sluice_upstream_requests_total{upstream="orders",server="10.0.0.1:80",code_class="2xx"}"#:
        "1",
      #"sluice_upstream_request_duration_seconds_count{upstream="orders"}"#: "1",
      #"sluice_open_connections{listener="edge"}"#: "1",
      #"sluice_tls_handshakes_total{listener="edge",version="1.3",result="full"}"#: "1",
      #"sluice_protocol_errors_total{reason="bad_chunk"}"#: "1",
      "sluice_fields_dropped_total": "0",
      #"sluice_config_info{hash="ab12"}"#: "1",
      #"sluice_config_reloads_total{result="success"}"#: "2",
      "sluice_config_last_reload_success": "1",
      "sluice_access_log_dropped_total": "5",
      #"sluice_build_info{version="0.1.0"}"#: "1",
      "process_cpu_seconds_total": "1.5",
      "process_open_fds": "7",
      "process_start_time_seconds": "1700000000",
    ]
    for (name, value) in expected { #expect(samples[name] == value, "\(name)") }
  }

  @Test(arguments: ExpositionFormat.allCases)
  func `every family has its help and type before its samples, once`(format: ExpositionFormat) {
    var family = ""
    var seen: Set<String> = []
    for line in Self.text(format).split(separator: "\n") where line != "# EOF" {
      let words = line.split(separator: " ")
      if line.hasPrefix("# HELP ") {
        family = String(words[2])
        #expect(seen.insert(family).inserted)
      } else if line.hasPrefix("# TYPE ") {
        #expect(words[2] == family)
        #expect(["counter", "gauge", "histogram", "info"].contains(words[3]))
      } else {
        #expect(line.hasPrefix(family))
      }
    }
    #expect(seen.count == 43)
  }

  @Test func `bucket counts never fall and end at the count`() {
    var last: UInt64 = 0
    var infinite: UInt64 = 0
    for line in Self.text(.prometheus).split(separator: "\n")
    where line.hasPrefix("sluice_http_overhead_seconds_bucket") {
      let value = UInt64(line.split(separator: " ")[1])
      #expect(value ?? 0 >= last)
      last = value ?? 0
      if line.contains("+Inf") { infinite = last }
    }
    #expect(infinite == 3)
  }

  @Test func `OpenMetrics names families without suffixes and ends with EOF`() {
    let text = Self.text(.openMetrics)
    #expect(text.contains("# TYPE sluice_http_requests counter\nsluice_http_requests_total{"))
    #expect(text.contains("# TYPE sluice_build info\nsluice_build_info{"))
    #expect(text.contains("le=\"1.0\""))
    #expect(text.hasSuffix("\n# EOF\n"))
    #expect(Self.text(.prometheus).contains("# TYPE sluice_http_requests_total counter\n"))
    #expect(Self.text(.prometheus).contains("le=\"1\""))
    #expect(!Self.text(.prometheus).contains("EOF"))
  }

  @Test func `a label's value is escaped`() {
    var page = Exposition(format: .prometheus)
    page.family("x", .gauge, "Help.")
    page.sample([("a", "q\"b\\c\nd")], UInt64(1))
    #expect(
      page.finish().bytes.text
        == "# HELP x Help.\n# TYPE x gauge\nx{a=\"q\\\"b\\\\c\\nd\"} 1\n")
  }

  @Test(arguments: [
    ("application/openmetrics-text; version=1.0.0,text/plain;q=0.5", ExpositionFormat.openMetrics),
    ("text/plain", .prometheus), ("", .prometheus), ("*/*", .prometheus),
    ("Application/OpenMetrics-Text", .openMetrics),
    ("application/openmetrics-text;q=0", .prometheus),
  ])
  func `the form follows Accept`(accept: String, expected: ExpositionFormat) {
    #expect(ExpositionFormat(accept: accept) == expected)
  }

  @Test func `the kernel's line is read past any program name`() throws {
    let stat = """
      42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 1000 10000 256 \
      18446744073709551615 1
      """
    let usage = ProcessUsage(
      stat: stat, bootTime: 1_700_000_000, openDescriptors: 9, ticksPerSecond: 100,
      pageBytes: 4096)
    #expect(
      usage
        == ProcessUsage(
          cpuNanoseconds: 3_000_000_000, residentBytes: 256 * 4096, openDescriptors: 9,
          startUnixSeconds: 1_700_000_010))
    #expect(ProcessUsage.bootTime(in: "cpu 1 2\nbtime 17\nx") == 17)
  }

  @Test func `this process has descriptors, memory and a past`() throws {
    let usage = try #require(ProcessUsage.read())
    #expect(usage.openDescriptors >= 3)
    #expect(usage.residentBytes > 1 << 20)
    #expect(usage.startUnixSeconds > 1_600_000_000)
  }
}
