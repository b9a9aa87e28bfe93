// The application log's two forms.

import Bytes
import Glibc
import Logging
import Testing

@testable import Telemetry

@Suite struct ApplicationLogTests {
  static let line = ApplicationLogLine(
    unixMilliseconds: AccessLogTests.time, level: .error, label: "sluice",
    message: "reload refused\nforged", metadata: ["file": "routes.conf", "at": ["12", "5"]])

  @Test func `text is one line with its context behind it`() {
    #expect(
      Self.line.render(.text).bytes.text
        == """
        2026-11-23T17:02:58.007Z error reload refused\\nforged at=["12", "5"] file=routes.conf

        """.replacingQuotes())
  }

  @Test func `JSON is one object on one line`() {
    #expect(
      Self.line.render(.json).bytes.text == """
        {"ts":"2026-11-23T17:02:58.007Z","level":"error","logger":"sluice",\
        "message":"reload refused\\nforged","context":{"at":["12","5"],"file":"routes.conf"}}

        """)
  }

  @Test func `a message below the level is not written, the nearest metadata wins`() {
    let pipe = Pipe(isBlocking: true)
    var handler = ApplicationLogHandler(
      label: "sluice", level: .notice, form: .json, descriptor: pipe.writer)
    handler.metadata["scope"] = "handler"
    handler.metadata["worker"] = "1"
    let logger = Logger(label: "sluice") { _ in handler }
    logger.info("silent")
    logger.notice("told", metadata: ["scope": "message"])
    let expected =
      "\"level\":\"notice\",\"logger\":\"sluice\",\"message\":\"told\","
      + "\"context\":{\"scope\":\"message\",\"worker\":\"1\"}}\n"
    let line = String(decoding: pipe.read(33 + expected.utf8.count), as: UTF8.self)
    #expect(line.hasSuffix(expected))
    #expect(line.hasPrefix("{\"ts\":\"20"))
  }

  @Test func `a pipe is no terminal`() {
    let pipe = Pipe(isBlocking: true)
    #expect(ApplicationLogHandler.form(for: pipe.writer) == .json)
  }
}

extension String {
  /// swift-log prints lists with quotes, which this log escapes as it does everywhere.
  fileprivate func replacingQuotes() -> String {
    split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
  }
}
