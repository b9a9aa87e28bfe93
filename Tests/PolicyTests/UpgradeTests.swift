// The handshake that the upgrade policy lets through, and what it takes from it.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain
import Testing

@testable import Policies

@Suite struct UpgradeTests {
  private static let handshake = [
    "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ]

  /// RFC 6455 section 1.3 works this example out.
  @Test func `the answer to a key is that of the standard's example`() throws {
    let test = try TestExchange("GET /chat", fields: Self.handshake)
    #expect(try Upgrade(Upgrade.Settings()).admit(test.exchange) == .pass)
    let terms = try #require(test.exchange.upgrade)
    #expect(String(decoding: terms.acceptance, as: UTF8.self) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(test.exchange.request.upgrade == .webSocket)
    #expect(!test.exchange.request.keepsAlive)
    #expect((terms.idle, terms.ageMax, terms.bytesLeft) == (3_600_000, 86_400_000, .max))
  }

  @Test(arguments: [
    ("dGhlIHNhbXBsZSBub25jZQ==", true), ("AAAAAAAAAAAAAAAAAAAAAA==", true),
    ("//////////////////////w==", false), ("/////////////////////w==", true),
    // The last digit says more than sixteen bytes.
    ("dGhlIHNhbXBsZSBub25jZR==", false), ("dGhlIHNhbXBsZSBub25jZQ=", false),
    ("dGhlIHNhbXBsZSBub25jZQ", false), ("dGhlIHNhbXBsZSBub25jZQ=a", false),
    ("dGhlIHNhbXBsZSBub25j-Q==", false), ("", false), ("========================", false),
  ])
  func `a key is sixteen bytes in base64`(key: String, isGood: Bool) {
    #expect(WebSocketKey.isWellFormed(key.utf8Span.span) == isGood)
  }

  @Test(arguments: [
    ("Connection: keep-alive", RequestUpgrade.none), ("Connection: close, x-a", .none),
    ("Connection: UPGRADE", .webSocket), ("Connection: x-a , upgrade", .webSocket),
  ])
  func `an upgrade must be named by Connection`(line: String, outcome: RequestUpgrade) throws {
    let test = try TestExchange("GET /", fields: [line] + Self.handshake.dropFirst())
    #expect(try Upgrade(Upgrade.Settings()).admit(test.exchange) == .pass)
    #expect(test.exchange.request.upgrade == outcome)
    #expect((test.exchange.upgrade != nil) == (outcome == .webSocket))
  }

  @Test func `a request without an upgrade is not touched`() throws {
    let test = try TestExchange()
    #expect(try Upgrade(Upgrade.Settings()).admit(test.exchange) == .pass)
    #expect(test.exchange.request.keepsAlive)
    #expect(try test.upstream("Connection").isEmpty)
  }

  @Test func `bytes are taken up to the cap and not over it`() throws {
    let terms = UpgradeTerms(idle: 1, ageMax: 1, bytesMax: 10, acceptance: [])
    try terms.take(4)
    try terms.take(6)
    #expect(throws: Failure.self) { try terms.take(1) }
    #expect(terms.bytesLeft == 0)
  }

  @Test(arguments: ["upgrade", "upgrade h2c", "upgrade websocket idle=0s", "upgrade websocket x=1"])
  func `what is no upgrade is an error in the config`(statement: String) {
    #expect(ExampleTests.problems(statement).count == 1)
  }
}
