// Limits, deadlines and answers of our own, at their edges.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain
import Testing

@testable import Policies

@Suite struct ActionTests {
  @Test(arguments: [(3, true), (4, true), (5, false)])
  func `a declared length is refused over the limit and not at it`(size: Int, passes: Bool) throws {
    let test = try TestExchange("POST /", body: String(repeating: "x", count: size))
    var settings = BodyLimit.Settings()
    settings.max = .bytes(4)
    do throws(Failure) {
      let verdict = try BodyLimit(settings).admit(test.exchange)
      #expect(verdict == .pass)
      #expect(passes)
      #expect(test.exchange.requestBodyMax == 4)
    } catch {
      #expect(!passes)
      #expect(error.reason == .bodyTooLarge)
      #expect(error.retry == .never)
    }
  }

  @Test func `a chunked body gets its bound for the source to count`() throws {
    let test = try TestExchange("POST /", fields: ["Transfer-Encoding: chunked"])
    var settings = BodyLimit.Settings()
    settings.max = .bytes(0)
    _ = try BodyLimit(settings).admit(test.exchange)
    #expect(test.exchange.requestBodyMax == 0)
  }

  @Test func `deadlines are those of the route`() throws {
    let test = try TestExchange()
    var settings = RouteTimeouts.Settings()
    settings.total = .span(.seconds(90))
    settings.connect = .milliseconds(250)
    _ = try RouteTimeouts(settings).admit(test.exchange)
    #expect(
      test.exchange.timeouts
        == Timeouts(connect: 250, response: 10_000, total: 90_000, idle: 60_000))
  }

  @Test func `the built-in deadlines are those of an exchange that has no policy`() throws {
    let test = try TestExchange()
    _ = try RouteTimeouts(RouteTimeouts.Settings()).admit(test.exchange)
    #expect(test.exchange.timeouts == .builtIn)
  }

  @Test func `a short total needs no shorter response beside it`() {
    #expect(ExampleTests.problems("timeout total=2s").isEmpty)
  }

  @Test(arguments: [
    ("respond 204 body=\"x\"", "an answer of 204 has no body"),
    ("respond 304 body=\"x\"", "an answer of 304 has no body"),
  ])
  func `a body where none may be is an error in the config`(statement: String, message: String) {
    #expect(ExampleTests.problems(statement, isAction: true) == [message])
  }

  @Test(arguments: [
    "respond 199", "respond 600", "respond 200 type=json", "redirect to=\"/\" status=300",
  ])
  func `what is out of range is an error in the config`(statement: String) {
    #expect(ExampleTests.problems(statement, isAction: true).count == 1)
  }

  @Test(arguments: [
    ("GET /a?b=1", "api.example.com:80", "https://api.example.com/a?b=1"),
    ("OPTIONS *", "[2001:db8::1]", "https://[2001:db8::1]/"),
  ])
  func `a clear-text port sends everything to https`(
    line: String, host: String, location: String
  ) async throws {
    let test = try TestExchange(line, fields: ["Host: \(host)"], isSecure: false)
    try await HTTPSRedirect().respond(to: test.exchange)
    #expect(test.exchange.response.status == 308)
    #expect(try test.client("location") == [location])
  }

  @Test func `the order is by stages, but for actions and egress, which have their own`() {
    let directives = StandardPolicies.all.map(\.declaration.shape.directive)
    #expect(
      directives == [
        "request-id", "timeout", "secure-headers", "access", "cors", "limit", "auth", "limit",
        "allow",
        "body", "rewrite", "upgrade", "bulkhead", "redirect", "respond",
      ])
  }
}
