// gRPC in front of any codec: its deadline, and refusals that its clients can read.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain
import Testing

@testable import Policies

@Suite struct GRPCTests {
  @Test(
    arguments: [
      ("1S", 1_000), ("100m", 100), ("2M", 120_000), ("1H", 3_600_000), ("1u", 1), ("1001u", 2),
      ("1n", 1), ("1000001n", 2), ("0m", 0), ("99999999H", 359_999_996_400_000),
      ("99999999999999999999999999999999S", 1_125_899_906_842_000),
      ("18446744073709551616m", 1 << 50),
      ("", nil), ("S", nil), ("10", nil), ("-1S", nil), ("1.5S", nil), ("1 S", nil), ("1s", nil),
      ("+1S", nil), ("0x1S", nil),
    ] as [(String, UInt64?)])
  func `a timeout is read and saturates`(text: String, milliseconds: UInt64?) {
    #expect(GRPCTimeout.milliseconds(text.utf8Span.span) == milliseconds)
  }

  @Test(
    arguments: [
      (0, "0m"), (1_500, "1500m"), (99_999_999, "99999999m"), (100_000_000, "100000S"),
      (100_000_000_000, "1666666M"), (10_000_000_000_000, "2777777H"), (UInt64.max, "99999999H"),
    ] as [(UInt64, String)])
  func `a timeout has at most eight digits`(milliseconds: UInt64, text: String) {
    var output = Output(capacity: 16)
    GRPCTimeout.append(milliseconds: milliseconds, to: &output)
    #expect(output.bytes.text == text)
  }

  @Test(arguments: [
    ("application/grpc", true), ("application/grpc+proto", true), ("Application/GRPC", true),
    ("application/grpc; charset=x", true), ("application/grpc-web", false),
    ("application/grpc-web+proto", false), ("application/grpcx", false), ("application/grp", false),
    ("application/json", false),
  ])
  func `gRPC is told by its content type`(type: String, isGRPC: Bool) throws {
    let test = try TestExchange("POST /a.B/C", fields: ["Content-Type: \(type)"])
    #expect(test.exchange.isGRPC == isGRPC)
  }

  private func call(_ fields: [String] = []) throws -> TestExchange {
    try TestExchange("POST /a.B/C", fields: ["Content-Type: application/grpc"] + fields)
  }

  @Test(
    arguments: [
      (TimeBound.span(.seconds(15)), "2S", 2_000), (.span(.seconds(1)), "2S", 1_000),
      (.off, "500m", 500),
    ] as [(TimeBound, String, UInt64)])
  func `the earlier deadline holds`(total: TimeBound, asked: String, left: UInt64) throws {
    let test = try call(["grpc-timeout: \(asked)"])
    var settings = RouteTimeouts.Settings()
    settings.total = total
    _ = try RouteTimeouts(settings).admit(test.exchange)
    #expect(test.exchange.timeouts.total == left)
  }

  @Test func `a deadline means nothing without gRPC`() throws {
    let test = try TestExchange("GET /", fields: ["grpc-timeout: 1m"])
    _ = try RouteTimeouts(RouteTimeouts.Settings()).admit(test.exchange)
    #expect(test.exchange.timeouts.total == 15_000)
  }

  @Test(arguments: [["grpc-timeout: soon"], ["grpc-timeout: 1S", "grpc-timeout: 2S"]])
  func `a deadline that cannot be read is refused`(fields: [String]) throws {
    let test = try call(fields)
    #expect(throws: Failure.self) {
      _ = try RouteTimeouts(RouteTimeouts.Settings()).admit(test.exchange)
    }
  }

  @Test func `the upstream is told what is left`() throws {
    let test = try call(["grpc-timeout: 5S"])
    test.exchange.startedAt = test.exchange.waiter.now
    _ = try RouteTimeouts(RouteTimeouts.Settings()).admit(test.exchange)
    try test.exchange.passDeadline()
    #expect(try test.upstream("grpc-timeout") == ["5000m"])
  }

  @Test func `nothing is sent on after the deadline`() throws {
    let test = try call(["grpc-timeout: 0m"])
    _ = try RouteTimeouts(RouteTimeouts.Settings()).admit(test.exchange)
    #expect(throws: Failure.self) { try test.exchange.passDeadline() }
  }

  @Test(
    arguments: [
      (401, "16"), (403, "7"), (404, "12"), (429, "8"), (503, "14"), (504, "4"), (502, "14"),
      (400, "13"), (413, "2"), (500, "2"), (405, "2"),
    ] as [(UInt16, String)])
  func `a refusal is a trailers-only answer`(status: UInt16, code: String) throws {
    let test = try call()
    test.exchange.answer(Failure.refused(Reason("too_bad", status, "100 % no.")))
    #expect(test.exchange.response.status == 200)
    #expect(test.exchange.recordedStatus == status)
    #expect(try test.client("content-type") == ["application/grpc"])
    #expect(try test.client("grpc-status") == [code])
    #expect(try test.client("grpc-message") == ["100 %25 no. (too_bad)"])
    #expect(test.bodyText.isEmpty)
  }

  @Test func `other clients get a problem document`() throws {
    let test = try TestExchange()
    test.exchange.answer(Failure.refused(.noRoute))
    #expect(test.exchange.response.status == 404)
    #expect(test.exchange.recordedStatus == 404)
    #expect(try test.client("grpc-status").isEmpty)
  }
}
