// A client's server by its cookie.

import Engine
import HTTPMessage
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(2)))
struct StickyTests {
  private static let rule = StickyRule(
    cookie: Array("shop".utf8), maxAge: 3_600, path: Array("/".utf8))

  private static func stage(on bench: isolated Bench) throws -> Stage {
    try Stage(on: bench, weights: [1, 1, 1], balance: .roundRobin, sticky: rule)
  }

  private static func exchange(_ stage: Stage, cookie: String?) throws -> Exchange {
    let line = cookie.map { "Cookie: \($0)\r\n" } ?? ""
    return try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\(line)\r\n")
  }

  private static func text(_ token: UInt32) -> String {
    let digits = String(token, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Runs an exchange at whatever server it goes to, and gives the cookie that it brought.
  private static func run(_ stage: Stage, _ exchange: Exchange) async throws -> String? {
    defer {
      exchange.finish()
      exchange.waiter.retire()
    }
    try await stage.forwarder.respond(to: exchange)
    let fields = exchange.response.fields
    return fields.first(.setCookie).map { fields.value(at: $0).text }
  }

  private static func serve(on bench: isolated Bench, _ stage: Stage) {
    for origin in stage.origins {
      bench.start { await report { try await origin.accept().serve(.ok("")) } }
    }
  }

  @Test func `a new client is told its server, and one that knows it is not told again`()
    async throws
  {
    try await onLoop { bench in
      let stage = try Self.stage(on: bench)
      Self.serve(on: bench, stage)
      let first = try Self.exchange(stage, cookie: "a=b")
      let told = try await Self.run(stage, first)
      let token = Self.text(stage.pool.servers[0].stickyToken)
      #expect(told == "shop=\(token); Path=/; Max-Age=3600; HttpOnly; SameSite=Lax")
      let known = Self.text(stage.pool.servers[2].stickyToken)
      let second = try Self.exchange(stage, cookie: "a=b; shop=\(known)")
      #expect(try await Self.run(stage, second) == nil)
      #expect(stage.pool.servers.map(\.state.begunCount) == [1, 0, 1])
      stage.pool.retire()
    }
  }

  @Test func `a client whose server is not fit gets another one, and its cookie`() async throws {
    try await onLoop { bench in
      let stage = try Self.stage(on: bench)
      Self.serve(on: bench, stage)
      stage.pool.servers[2].state.found(.unhealthy, at: bench.loop.now)
      let known = Self.text(stage.pool.servers[2].stickyToken)
      let told = try await Self.run(stage, try Self.exchange(stage, cookie: "shop=\(known)"))
      #expect(told?.hasPrefix("shop=\(Self.text(stage.pool.servers[0].stickyToken));") == true)
      stage.pool.retire()
    }
  }

  @Test(arguments: ["", "1234567", "123456789", "zzzzzzzz", "00000000", "-1234567"])
  func `a cookie that names nobody is as good as none`(value: String) async throws {
    try await onLoop { bench in
      let stage = try Self.stage(on: bench)
      let exchange = try Self.exchange(stage, cookie: "shop=\(value)")
      #expect(stage.pool.chooseSticky(for: exchange, at: bench.loop.now) == nil)
    }
  }

  @Test func `a second try leaves the server of the cookie`() async throws {
    try await onLoop { bench in
      let stage = try Self.stage(on: bench)
      let known = stage.pool.servers[1]
      let exchange = try Self.exchange(stage, cookie: "shop=\(Self.text(known.stickyToken))")
      #expect(stage.pool.chooseSticky(for: exchange, at: bench.loop.now) === known)
      exchange.upstream.tried = known.bit
      #expect(stage.pool.chooseSticky(for: exchange, at: bench.loop.now) == nil)
    }
  }
}
