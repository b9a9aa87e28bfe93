// X-Request-Deadline: what a client may ask for, and what the upstream is told.

import Configuration
import PolicyChain
import Testing

@testable import Policies

@Suite struct DeadlineTests {
  private static func settings(
    total: TimeBound = .span(.seconds(15)), isPassedOn: Bool = true
  ) -> RouteTimeouts.Settings {
    var settings = RouteTimeouts.Settings()
    settings.total = total
    settings.isPassedOn = isPassedOn
    return settings
  }

  private static func admitted(
    _ fields: [String], _ settings: RouteTimeouts.Settings
  ) throws -> TestExchange {
    let test = try TestExchange("GET /", fields: fields)
    test.exchange.startedAt = test.exchange.waiter.now
    _ = try RouteTimeouts(settings).admit(test.exchange)
    return test
  }

  @Test(
    arguments: [
      (TimeBound.span(.seconds(15)), "2000", 2_000), (.span(.seconds(1)), "2000", 1_000),
      (.off, "500", 500), (.span(.seconds(15)), "999999999999", 15_000),
    ] as [(TimeBound, String, UInt64)])
  func `the earlier deadline holds and is passed on`(
    total: TimeBound, asked: String, left: UInt64
  ) throws {
    let test = try Self.admitted(["X-Request-Deadline: \(asked)"], Self.settings(total: total))
    #expect(test.exchange.timeouts.total == left)
    try test.exchange.passDeadline()
    #expect(try test.upstream("x-request-deadline") == ["\(left)"])
  }

  @Test func `a request without one carries the route's, and each try tells it once`() throws {
    let test = try Self.admitted([], Self.settings())
    try test.exchange.passDeadline()
    try test.exchange.passDeadline()
    #expect(try test.upstream("x-request-deadline") == ["15000"])
  }

  @Test func `a route without a total has nothing to tell`() throws {
    let test = try Self.admitted([], Self.settings(total: .off))
    try test.exchange.passDeadline()
    #expect(try test.upstream("x-request-deadline").isEmpty)
  }

  @Test func `where nobody asked for it the field is one like any other`() throws {
    let test = try Self.admitted(
      ["X-Request-Deadline: 1"], Self.settings(isPassedOn: false))
    try test.exchange.passDeadline()
    #expect(test.exchange.timeouts.total == 15_000)
    #expect(try test.upstream("x-request-deadline") == ["1"])
  }

  @Test func `a gRPC call without a deadline is given the route's in its own field`() throws {
    let test = try Self.admitted(["Content-Type: application/grpc"], Self.settings())
    try test.exchange.passDeadline()
    #expect(try test.upstream("grpc-timeout") == ["15000m"])
    #expect(try test.upstream("x-request-deadline").isEmpty)
  }

  @Test(arguments: [
    [""], ["soon"], ["-1"], ["+1"], ["1.5"], ["1s"], ["0x1"], ["1000000000000"], ["1", "1"],
  ])
  func `a deadline that cannot be read is refused`(values: [String]) throws {
    let test = try TestExchange("GET /", fields: values.map { "X-Request-Deadline: \($0)" })
    do throws(Failure) {
      _ = try RouteTimeouts(Self.settings()).admit(test.exchange)
      Issue.record("\(values) was taken")
    } catch { #expect(error.reason == .badRequestDeadline) }
  }

  @Test func `nothing is sent on after the deadline`() throws {
    let test = try Self.admitted(["X-Request-Deadline: 0"], Self.settings())
    do throws(Failure) {
      try test.exchange.passDeadline()
      Issue.record("it was sent on")
    } catch { #expect(error.reason == .totalTimeout) }
  }
}
