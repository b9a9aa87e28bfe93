// Ids: where they come from, what they may be, and where they go.

import Configuration
import HTTPMessage
import PolicyChain
import Testing

@testable import Policies

@Suite struct RequestIdentifierTests {
  static func settings(_ change: (inout RequestIdentifier.Settings) -> Void = { _ in })
    -> RequestIdentifier.Settings
  {
    var settings = RequestIdentifier.Settings()
    change(&settings)
    return settings
  }

  @Test func `a new id is a version 7 UUID of the exchange's time`() throws {
    let test = try TestExchange()
    let policy = RequestIdentifier(Self.settings())
    _ = try policy.admit(test.exchange)
    // 1795453378007 milliseconds are 0x1a20a0fbdd7; the fake's random numbers are 1 and 2.
    let time = String(TestExchange.time, radix: 16)
    let padded = String(repeating: "0", count: 12 - time.count) + time
    let expected = "\(padded.prefix(8))-\(padded.suffix(4))-7001-8000-000000000000"
    #expect(test.text(test.exchange.requestID) == expected)
    #expect(try test.upstream("x-request-id") == [expected])
    test.exchange.response.status = 200
    policy.egress(test.exchange)
    #expect(try test.client("x-request-id") == [expected])
  }

  @Test func `version and variant hold whatever the random bits are`() {
    for random in [(UInt64.max, UInt64.max), (0, 0)] as [(UInt64, UInt64)] {
      let id = UUID7(unixMilliseconds: (1 << 48) - 1, random: random)
      #expect(id.high >> 12 & 15 == 7)
      #expect(id.low >> 62 == 2)
      #expect(id.high >> 16 == (1 << 48) - 1)
    }
  }

  @Test(arguments: [
    ("order-4711", true), ("a.b:c_D-9", true), (String(repeating: "x", count: 128), true),
    (String(repeating: "x", count: 129), false), ("", false), ("a b", false), ("a/b", false),
    ("a\"b", false), ("\u{e9}", false), ("a,b", false),
  ])
  func `an id is kept only in a harmless alphabet and length`(id: String, isKept: Bool) throws {
    let test = try TestExchange(fields: ["X-Request-ID: \(id)"])
    _ = try RequestIdentifier(Self.settings { $0.isTrusted = true }).admit(test.exchange)
    #expect((test.text(test.exchange.requestID) == id) == isKept)
    #expect(try test.upstream("x-request-id") == [test.text(test.exchange.requestID)])
  }

  @Test(arguments: [(false, false, false), (true, false, true), (false, true, true)])
  func `an id is believed from trusted peers, or from all when the route says so`(
    trust: Bool, isPeerTrusted: Bool, isKept: Bool
  ) throws {
    let test = try TestExchange(fields: ["X-Request-ID: theirs"])
    test.exchange.isPeerTrusted = isPeerTrusted
    _ = try RequestIdentifier(Self.settings { $0.isTrusted = trust }).admit(test.exchange)
    #expect((try test.upstream("x-request-id") == ["theirs"]) == isKept)
  }

  @Test func `two ids are none`() throws {
    let test = try TestExchange(fields: ["X-Request-ID: a", "X-Request-ID: b"])
    _ = try RequestIdentifier(Self.settings { $0.isTrusted = true }).admit(test.exchange)
    #expect(try test.upstream("x-request-id").count == 1)
    #expect(try !["a", "b"].contains(test.upstream("x-request-id")[0]))
  }

  @Test func `another header carries the id, and the upstream's answer cannot set it`() async throws
  {
    let name = try HeaderName(parsing: "x-correlation-id")
    let policy = RequestIdentifier(
      Self.settings {
        $0.header = name; $0.isTrusted = true
      })
    let test = try TestExchange(fields: ["X-Correlation-Id: mine"])
    let chain = PolicyChain(
      steps: [.admission(policy)], egress: [policy],
      destination: FakeUpstream(test, fields: ["X-Correlation-ID: theirs"]))
    await test.run(chain)
    #expect(try test.client("x-correlation-id") == ["mine"])
  }

  @Test func `without echo the client sees no id`() async throws {
    let policy = RequestIdentifier(Self.settings { $0.isEchoed = false })
    let test = try TestExchange()
    let chain = PolicyChain(
      steps: [.admission(policy)], egress: [policy],
      destination: FakeUpstream(test, fields: ["X-Request-ID: theirs"]))
    await test.run(chain)
    #expect(try test.client("x-request-id").isEmpty)
  }

  @Test func `an answer to what was no request has an id too`() throws {
    let test = try TestExchange()
    let policy = RequestIdentifier(Self.settings())
    test.exchange.answer(.refused(.headTimeout))
    policy.egress(test.exchange)
    #expect(try test.client("x-request-id")[0].count == 36)
  }

  @Test(arguments: ["host", "content-length", "set-cookie", "authorization"])
  func `a header with a meaning of its own cannot carry the id`(name: String) {
    let problems = ExampleTests.problems("request-id header=\(name)")
    #expect(problems == ["'\(name)' has a meaning of its own in HTTP"])
  }
}
