// Limits that count callers, and rates that depend on their tier.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain
import Testing

@testable import Policies

/// Proves whoever a field names, with the tier of another field.
private final class NamingVerifier: IdentityVerifier {
  let label: IdentityLabel
  let challenge = Challenge(missing: "Name")
  let credentialFields: [String]
  let assertedFields: [String] = []
  private let field: [UInt8]

  init(_ name: String) {
    label = IdentityLabel(name: name, metric: 1)
    credentialFields = ["x-\(name)"]
    field = Array("x-\(name)".utf8)
  }

  func verify(_ exchange: Exchange) -> Proof {
    let fields = exchange.request.fields
    guard let index = fields.first(named: field, from: 0) else { return .absent }
    let words = fields.value(at: index).text.split(separator: " ").map(String.init)
    var claims: [String: ClaimValue] = ["team": .text(words[0])]
    if words.count > 1 { claims["tier"] = .text(words[1]) }
    return .proved(
      Principal(
        identity: label, subject: Array(words[0].utf8), scopes: [], roles: [],
        claims: .object(claims), fields: []))
  }

  func conceal(in request: Request) throws(Failure) {}
  func adopt(_ material: any Sendable) {}
}

@Suite struct CallerLimitTests {
  private static func text(bucket: String, auth: String, limits: [String]) -> String {
    """
    sluice 1
    identity a key keys="k"
    identity b key header=x-b keys="k"
    bucket per-ip rate=1/d burst=100 key=[client.ip]
    bucket per-user \(bucket)
    listener edge {
      bind 127.0.0.1:8080
    }
    route r {
      match path=/**
      auth \(auth)
      \(limits.joined(separator: "\n"))
      respond 204
    }

    """
  }

  private func chain(
    _ bucket: String, auth: String = "any=[a b]", limits: [String] = ["limit per-user"]
  ) throws -> PolicyChain {
    let result = ExampleTests.load(Self.text(bucket: bucket, auth: auth, limits: limits))
    let configuration = try #require(result.configuration, "\(result.diagnostics.map(\.message))")
    return try ExampleTests.chain(
      configuration, RelayedDestination(),
      verifiers: ["a": NamingVerifier("a"), "b": NamingVerifier("b")])
  }

  private func ask(_ chain: PolicyChain, _ fields: String...) async throws -> TestExchange {
    let test = try TestExchange(fields: fields)
    await test.run(chain)
    return test
  }

  private func passed(_ chain: PolicyChain, _ field: String, of count: Int) async throws -> Int {
    var passed = 0
    for _ in 0..<count where try await ask(chain, field).exchange.response.status == 204 {
      passed += 1
    }
    return passed
  }

  @Test func `each caller has a bucket, and callers of two identities are two`() async throws {
    let chain = try chain("rate=1/d burst=2 key=[identity.subject]")
    #expect(try await passed(chain, "X-A: ann", of: 5) == 2)
    #expect(try await passed(chain, "X-A: bob", of: 5) == 2)
    #expect(try await passed(chain, "X-B: ann", of: 5) == 2)
    let refused = try await ask(chain, "X-A: ann")
    #expect(refused.exchange.response.status == 429)
    #expect(refused.bodyText.contains("quota_exceeded"))
  }

  @Test func `a claim may be the key`() async throws {
    let chain = try chain("rate=1/d burst=3 key=[identity.claims.team]")
    #expect(try await passed(chain, "X-A: ann", of: 2) == 2)
    #expect(try await passed(chain, "X-B: ann", of: 5) == 1)
  }

  @Test func `who proves nothing takes nothing of callers, and is counted by his address`()
    async throws
  {
    let chain = try chain(
      "rate=1/d burst=2 key=[identity.subject] fallback-key=[client.ip]", auth: "optional=[a b]")
    #expect(try await passed(chain, "X-C: none", of: 5) == 2)
    #expect(try await passed(chain, "X-A: ann", of: 5) == 2)
  }

  @Test func `limits in front of the identity and behind it are told together`() async throws {
    let chain = try chain(
      "rate=1/d burst=2 key=[identity.subject]", limits: ["limit per-ip", "limit per-user"])
    let passed = try await ask(chain, "X-A: ann")
    #expect(try passed.client("ratelimit") == ["\"per-ip\";r=99;t=86400, \"per-user\";r=1;t=86400"])
    #expect(try passed.client("ratelimit-policy").count == 2)
    let nobody = try await ask(chain)
    #expect(nobody.exchange.response.status == 401)
    #expect(try nobody.client("ratelimit") == ["\"per-ip\";r=98;t=172800"])
  }

  private static let tiered =
    "rate=1/d burst=2 key=[identity.subject] tier=identity.claims.tier rate.pro=2/d burst.pro=5"
    + " rate.free=1/d"

  @Test(arguments: [
    ("X-A: ann pro", 5), ("X-A: ann free", 1), ("X-A: ann", 2), ("X-A: ann gold", 2),
    ("X-A: ann PRO", 2),
  ])
  func `a tier has its own rate, and no tier the bucket's`(field: String, expected: Int)
    async throws
  {
    #expect(try await passed(try chain(Self.tiered), field, of: 10) == expected)
  }

  @Test func `answers tell the tier's rate`() async throws {
    let chain = try chain(Self.tiered)
    let pro = try await ask(chain, "X-A: ann pro")
    #expect(try pro.client("ratelimit-policy") == ["\"per-user\";q=5;w=216000"])
    let plain = try await ask(chain, "X-A: bob")
    #expect(try plain.client("ratelimit-policy") == ["\"per-user\";q=2;w=172800"])
  }

  @Test(arguments: [
    ("rate=1/s key=[identity.subject]", "none", "P0110"),
    ("rate=1/s key=[identity.subject]", "optional=[a]", "P0110"),
    ("rate=1/s key=[identity.subject]", "any=[a] shadow=on", "P0110"),
    ("rate=1/s key=[client.ip] tier=identity.claims.tier rate.pro=2/s", "none", "P0110"),
    ("rate=1/s key=[identity.subject] fallback-key=[client.ip]", "none", ""),
    ("rate=1/s key=[identity.subject] fallback-key=[identity.subject]", "any=[a]", "E0126"),
    ("rate=1/s key=[identity.name]", "any=[a]", "E0109"),
    ("rate=1/s tier=client.ip rate.pro=2/s", "any=[a]", "E0111"),
    ("rate=1/s tier=identity.claims.tier", "any=[a]", "E0126"),
    ("rate=1/s rate.pro=2/s", "any=[a]", "E0126"),
    ("quota=5/d tier=identity.claims.tier rate.pro=2/s", "any=[a]", "E0126"),
    ("rate=1/s tier=identity.claims.tier rate.pro=2/s burst.gold=5", "any=[a]", "E0126"),
    ("rate=1/s tier=identity.claims.tier rate.pro=[2/s 3/s]", "any=[a]", "E0126"),
    ("rate=1/s tier=identity.claims.tier rate.pro=env(\"PRO\")", "any=[a]", "E0118"),
  ])
  func `a key that cannot be meant is an error`(bucket: String, auth: String, code: String) {
    let result = ExampleTests.load(
      Self.text(bucket: bucket, auth: auth, limits: ["limit per-user"]))
    let codes = result.diagnostics.filter { $0.severity == .error }.map(\.code.description)
    #expect(code.isEmpty ? codes.isEmpty : codes.contains(code), "\(codes)")
  }

  @Test func `a cost that a tier could never pay is an error`() {
    let result = ExampleTests.load(
      Self.text(bucket: Self.tiered, auth: "any=[a]", limits: ["limit per-user cost=2"]))
    #expect(result.diagnostics.contains { $0.message.contains("never holds more than 1") })
  }
}
