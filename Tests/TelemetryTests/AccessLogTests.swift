// Access log lines as they are read by people and tools: golden lines, redaction, bounds.

import Bytes
import Testing

@testable import Telemetry

@Suite struct AccessLogTests {
  /// 2026-11-23T17:02:58.007Z.
  static let time: UInt64 = 1_795_453_378_007

  /// The line of a record that `fill` completed, from a fresh encoder.
  static func line(
    _ format: AccessLogFormat = .json, limits: AccessLimits = AccessLimits(),
    fill: (inout AccessRecord) -> Void
  ) -> String {
    var encoder = AccessLogEncoder(format: format, limits: limits)
    var output = Output(capacity: 64)
    var record = AccessRecord()
    record.unixMilliseconds = time
    fill(&record)
    encoder.encode(record, into: &output)
    return output.bytes.text
  }

  @Test func `a whole record is one line with all members`() {
    let line = Self.line { record in Sample.fill(&record) }
    #expect(
      line == """
        {"ts":"2026-11-23T17:02:58.007Z","request_id":"01936a5e-0000-7000-8000-000000000001",\
        "trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",\
        "listener":"edge","route":"orders-api.list","method":"GET","host":"api.example.com",\
        "path":"/v1/orders?limit=***&token=***","proto":"HTTP/1.1","status":200,"bytes_in":0,\
        "bytes_out":112,"client_ip":"203.0.113.7","peer_ip":"10.0.0.9","user_agent":"curl/8.5.0",\
        "tls":{"version":"TLSv1.3","cipher":"TLS_AES_128_GCM_SHA256","sni":"api.example.com",\
        "alpn":"http/1.1","resumed":true},\
        "upstream":{"name":"orders","server":"10.0.1.5:8443","attempts":2,"status":200},\
        "dur_ms":12.345,"ttfb_ms":11.000,"overhead_ms":0.042,"error":"upstream_reset",\
        "origin":"upstream","flags":["client_gone","retried"]}

        """)
  }

  @Test func `what is absent is left out`() {
    let line = Self.line { _ in }
    #expect(
      line
        == "{\"ts\":\"2026-11-23T17:02:58.007Z\",\"bytes_in\":0,\"bytes_out\":0,\"dur_ms\":0.000}\n"
    )
  }

  @Test func `clf has the seven fields of its format`() {
    let line = Self.line(.clf) { record in Sample.fill(&record) }
    #expect(
      line == """
        203.0.113.7 - - [23/Nov/2026:17:02:58 +0000] \
        "GET /v1/orders?limit=***&token=*** HTTP/1.1" 200 112

        """)
  }

  @Test func `combined adds referer and user agent`() {
    let line = Self.line(.combined) { record in Sample.fill(&record) }
    #expect(line.hasSuffix("200 112 \"https://app.example.com/list\" \"curl/8.5.0\"\n"))
  }

  @Test func `a referer with a password in it is not written`() {
    let referer: StaticString = "https://user:hunter2@example.com/"
    let line = Self.line(.combined) { record in
      Sample.fill(&record)
      record.referer = referer.bytes
    }
    #expect(line.hasSuffix("200 112 \"-\" \"curl/8.5.0\"\n"))
  }

  @Test func `clf writes dashes for what is absent`() {
    #expect(Self.line(.clf) { _ in } == "- - - [23/Nov/2026:17:02:58 +0000] \"-\" - -\n")
  }

  @Test(arguments: [
    ("a=canary", "a=***"), ("a=canary&b=canary", "a=***&b=***"), ("canary", "***"),
    ("a=1;b=canary", "a=***"), ("a==canary=", "a=***"), ("&&a=canary", "&&a=***"), ("", ""),
    ("a=", "a=***"), ("=canary", "=***"), ("a=canary&", "a=***&"), ("a&b=canary", "***&b=***"),
    ("q\"=canary", "q\\\"=***"),
  ])
  func `no value of a query is written`(query: String, expected: String) {
    var output = Output(capacity: 8)
    RedactedQuery.append(Array(query.utf8).span, bytesMax: 2048, to: &output)
    #expect(output.bytes.text == expected)
  }

  @Test func `a query over its bound is cut and counted without its values`() {
    var output = Output(capacity: 8)
    let query = "first=canary&second=canary"
    RedactedQuery.append(Array(query.utf8).span, bytesMax: 10, to: &output)
    #expect(output.bytes.text == "first=***&…[+13]")
  }

  @Test func `a secret in the query appears in no format`() {
    let query: StaticString = "token=canary-7c1f&canary-7c1f&x=1;y=canary-7c1f"
    for format in AccessLogFormat.allCases {
      let line = Self.line(format) { record in
        Sample.fill(&record)
        record.query = query.bytes
      }
      #expect(!line.contains("canary-7c1f"))
      #expect(line.contains("token=***"))
    }
  }

  @Test func `a line feed in a header cannot start another line`() {
    let agent: StaticString = "x\"\n{\"status\":500}"
    for format in AccessLogFormat.allCases {
      let line = Self.line(format) { record in
        Sample.fill(&record)
        record.userAgent = agent.bytes
      }
      #expect(line.count { $0 == "\n" } == 1)
      #expect(!line.contains("\"status\":500"))
    }
  }

  @Test(arguments: [511, 512, 513])
  func `a user agent is cut at 512 bytes`(size: Int) {
    let agent = [UInt8](repeating: 0x61, count: size)
    var encoder = AccessLogEncoder(format: .json, limits: AccessLimits())
    var output = Output(capacity: 64)
    var record = AccessRecord()
    record.userAgent = agent.span
    encoder.encode(record, into: &output)
    let text =
      String(repeating: "a", count: min(size, 512)) + (size > 512 ? "…[+\(size - 512)]" : "")
    #expect(output.bytes.text.contains("\"user_agent\":\"\(text)\""))
  }

  @Test func `a line of the worst text stays within the stated bound`() {
    let limits = AccessLimits()
    let worst = [UInt8](repeating: 1, count: 10_000)
    let tls = AccessMembers.tls(
      version: worst.span, cipher: worst.span, serverName: worst.span, protocolName: worst.span,
      isResumed: true)
    let upstream = AccessMembers.upstream(name: worst.span, server: worst.span)
    var encoder = AccessLogEncoder(format: .json, limits: limits)
    var output = Output(capacity: 64)
    var record = AccessRecord()
    record.requestID = worst.span
    record.path = worst.span
    record.query = worst.span
    record.hasQuery = true
    record.host = worst.span
    record.method = worst.span
    record.userAgent = worst.span
    record.tls = tls.span
    record.upstream = upstream.span
    encoder.encode(record, into: &output)
    #expect(output.count <= limits.lineBytesMax)
    #expect(output.bytes.text.hasSuffix("}\n"))
  }

  @Test func `what stays the same is rendered as the line has it`() {
    let tls = AccessMembers.tls(
      version: "TLSv1.3".utf8Span.span, cipher: "TLS_AES_128_GCM_SHA256".utf8Span.span,
      serverName: "api.example.com".utf8Span.span, protocolName: "http/1.1".utf8Span.span,
      isResumed: true)
    #expect(tls.span.text == Sample.tls.bytes.text)
    let upstream = AccessMembers.upstream(
      name: "orders".utf8Span.span, server: "10.0.1.5:8443".utf8Span.span)
    #expect(upstream.span.text == Sample.upstream.bytes.text)
    let bare = AccessMembers.tls(
      version: "TLSv1.2".utf8Span.span, cipher: Span(), serverName: "a\"b".utf8Span.span,
      protocolName: Span(), isResumed: false)
    #expect(bare.span.text == #","tls":{"version":"TLSv1.2","sni":"a\"b"}"#)
  }

  @Test func `the timestamp follows the second that it was rendered for`() {
    var encoder = AccessLogEncoder(format: .json, limits: AccessLimits())
    var output = Output(capacity: 64)
    for milliseconds in [999, 1000, 1001, 59_999, 60_000] as [UInt64] {
      output.clear()
      var record = AccessRecord()
      record.unixMilliseconds = milliseconds
      encoder.encode(record, into: &output)
      let seconds = milliseconds / 1000
      let expected =
        "1970-01-01T00:\(seconds / 60 == 0 ? "00" : "01"):"
        + (seconds % 60 < 10 ? "0" : "") + "\(seconds % 60)."
      #expect(output.bytes.text.hasPrefix("{\"ts\":\"\(expected)"))
    }
  }

  @Test(
    arguments: [
      (0, 1970, 1, 1), (951_782_400, 2000, 2, 29), (951_868_800, 2000, 3, 1),
      (4_107_456_000, 2100, 2, 28), (4_107_542_400, 2100, 3, 1), (1_735_689_599, 2024, 12, 31),
    ] as [(UInt64, UInt64, UInt64, UInt64)])
  func `days become dates across leap years`(
    seconds: UInt64, year: UInt64, month: UInt64, day: UInt64
  ) {
    let time = CivilTime(unixSeconds: seconds)
    #expect([time.year, time.month, time.day] == [year, month, day])
  }

  @Test func `a warm encoder does not grow its output`() {
    var encoder = AccessLogEncoder(format: .json, limits: AccessLimits())
    var output = Output(capacity: 4096)
    let capacity = output.capacity
    for _ in 0..<1000 {
      output.clear()
      var record = AccessRecord()
      Sample.fill(&record)
      encoder.encode(record, into: &output)
    }
    #expect(output.capacity == capacity)
  }
}
