// What is Sluice's own never comes in from outside, in whatever spelling.

import PolicyChain
import Testing

@testable import HTTP1
@testable import HTTPMessage
@testable import Policies

@Suite struct AirlockTests {
  private func left(_ airlock: Airlock, _ names: [String]) throws -> [String] {
    let exchange = try Self.exchange(names)
    _ = try airlock.admit(exchange.exchange)
    return try exchange.upstreamLines().compactMap { line in
      names.first { line.hasPrefix($0 + ": ") }
    }
  }

  /// Lines whose names have `_` are dropped by the parser unless a listener keeps them.
  private static func exchange(_ names: [String]) throws -> TestExchange {
    let test = try TestExchange("GET /")
    for name in names {
      let span = name.utf8Span.span
      let value = "forged".utf8Span.span
      let isAdded = test.exchange.request.fields.add(
        KnownField(name: span), name: span, value: value)
      #expect(isAdded)
    }
    return test
  }

  @Test func `a closed name is taken off in any case`() throws {
    let airlock = try #require(
      Airlock(closed: ["x-user", "x-request-id"], own: [], hasAliases: false))
    #expect(
      try left(airlock, ["X-User", "x-user", "X-USER", "X-Request-Id", "x-users", "x-use"])
        == ["x-users", "x-use"])
  }

  @Test func `the policy that owns a name gets to see it`() throws {
    #expect(Airlock(closed: ["x-user"], own: ["x-user"], hasAliases: false) == nil)
    let airlock = try #require(
      Airlock(closed: ["x-user", "x-key"], own: ["x-key"], hasAliases: false))
    #expect(try left(airlock, ["X-Key", "X-User"]) == ["X-Key"])
  }

  @Test func `other spellings are taken off where they get through`() throws {
    let airlock = try #require(
      Airlock(closed: ["x-user", "x-key"], own: ["x-key"], hasAliases: true))
    let aliases = [
      "X_User", "x.user", "X_Key", "x.key", "X_Forwarded_For", "x-forwarded_for",
      "X.Forwarded.Proto", "Client_Cert", "forwarded_for", "X_Real_IP", "x-user",
    ]
    #expect(
      try left(airlock, aliases + ["X-Key", "my_field"]) == ["forwarded_for", "X-Key", "my_field"])
  }

  @Test func `where nothing is closed there is no airlock`() {
    #expect(Airlock(closed: [], own: [], hasAliases: false) == nil)
  }
}
