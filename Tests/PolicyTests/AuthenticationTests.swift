// What `auth` makes of the words of its identities: every combination, and what client, upstream
// and log are told.

import Configuration
import PolicyChain
import Testing

@testable import Policies

/// A rule, what two identities are shown, and what must come of it: `pass`, or reason and cause.
struct RuleVector: Sendable, CustomTestStringConvertible {
  let rule: String
  let a: String?
  let b: String?
  let outcome: String
  let isForwardedAs: String?

  init(_ rule: String, _ a: String?, _ b: String?, _ outcome: String, as user: String? = nil) {
    self.rule = rule
    self.a = a
    self.b = b
    self.outcome = outcome
    isForwardedAs = user
  }

  var testDescription: String { "\(rule): a=\(a ?? "-") b=\(b ?? "-")" }

  static let all: [RuleVector] = [
    RuleVector("any=[a b]", nil, nil, "credential_missing credential_missing"),
    RuleVector("any=[a b]", "good", nil, "pass", as: "a"),
    RuleVector("any=[a b]", nil, "good", "pass", as: "b"),
    RuleVector("any=[a b]", "good", "good", "pass", as: "a"),
    RuleVector("any=[b a]", "good", "good", "pass", as: "b"),
    RuleVector("any=[a b]", "bad", nil, "credential_invalid fake_wrong"),
    RuleVector("any=[a b]", "good", "bad", "credential_invalid fake_wrong"),
    RuleVector("any=[a b]", "bad", "good", "credential_invalid fake_wrong"),
    RuleVector("any=[a b]", "other", nil, "credential_invalid credential_of_no_identity"),
    RuleVector("any=[a b]", "other", "good", "pass", as: "b"),
    RuleVector("any=[a b]", "elsewhere", nil, "credential_invalid fake_declined"),
    RuleVector("any=[a b]", "elsewhere", "other", "credential_invalid fake_declined"),
    RuleVector("any=[a b]", "elsewhere", "good", "pass", as: "b"),
    RuleVector("any=[a b]", "elsewhere", "bad", "credential_invalid fake_wrong"),
    RuleVector("any=[a b]", "wait", nil, "pass", as: "a"),
    RuleVector("any=[a b]", nil, "wait", "pass", as: "b"),
    RuleVector("any=[a b]", "good", "wait", "pass", as: "a"),
    RuleVector("any=[a b]", "bad", "wait", "credential_invalid fake_wrong"),
    RuleVector("all=[a b]", nil, nil, "credential_missing credential_missing"),
    RuleVector("all=[a b]", "good", nil, "credential_missing credential_missing"),
    RuleVector("all=[a b]", nil, "good", "credential_missing credential_missing"),
    RuleVector("all=[a b]", "good", "good", "pass", as: "a"),
    RuleVector("all=[b a]", "good", "good", "pass", as: "b"),
    RuleVector("all=[a b]", "good", "bad", "credential_invalid fake_wrong"),
    RuleVector("all=[a b]", "good", "other", "credential_invalid credential_of_no_identity"),
    RuleVector("all=[a b]", "wait", "wait", "pass", as: "a"),
    RuleVector("optional=[a b]", nil, nil, "pass"),
    RuleVector("optional=[a b]", "good", nil, "pass", as: "a"),
    RuleVector("optional=[a b]", "bad", nil, "credential_invalid fake_wrong"),
    RuleVector("optional=[a b]", nil, "other", "credential_invalid credential_of_no_identity"),
    RuleVector("any=[a] require=[scope:read]", "good", nil, "pass", as: "a"),
    RuleVector("any=[a] require=[role:editor scope:read]", "good", nil, "pass", as: "a"),
    RuleVector("any=[a] require=[scope:write]", "good", nil, "insufficient_scope scope_missing"),
    RuleVector("any=[a] require=[role:admin]", "good", nil, "insufficient_scope role_missing"),
    RuleVector("any=[a] require=[scope:editor]", "good", nil, "insufficient_scope scope_missing"),
    RuleVector("any=[a] shadow=on", nil, nil, "pass"),
    RuleVector("any=[a] shadow=on", "bad", nil, "pass"),
    RuleVector("any=[a] shadow=on", "good", nil, "pass", as: "a"),
    RuleVector("any=[a] require=[scope:write] shadow=on", "good", nil, "pass", as: "a"),
    RuleVector("none", nil, nil, "pass"),
    RuleVector("none", "bad", "bad", "pass"),
  ]
}

@Suite struct AuthenticationTests {
  /// Runs one request through the standard chain of a route with that rule.
  private func run(
    _ rule: String, fields: [String]
  ) async throws -> (TestExchange, FakeUpstream) {
    let text =
      "sluice 1\nlistener edge {\n  bind 127.0.0.1:8080\n}\nupstream o {\n"
      + "  server 127.0.0.1:9000\n}\nidentity a key keys=\"k\"\nidentity b key keys=\"k\"\n"
      + "route r {\n  match path=/**\n  auth \(rule)\n  to o\n}\n"
    let result = ExampleTests.load(text)
    let configuration = try #require(
      result.configuration, "\(result.diagnostics.map(\.message))")
    let test = try TestExchange("GET /", fields: fields)
    let upstream = FakeUpstream(test)
    let chain = try ExampleTests.chain(
      configuration, upstream, verifiers: ["a": FakeVerifier("a"), "b": FakeVerifier("b")])
    await test.run(chain)
    return (test, upstream)
  }

  @Test(arguments: RuleVector.all)
  func `a rule decides by what its identities say`(_ vector: RuleVector) async throws {
    let fields = [("X-A", vector.a), ("X-B", vector.b)].compactMap { name, value in
      value.map { "\(name): \($0)" }
    }
    let (test, upstream) = try await run(vector.rule, fields: fields)
    let outcome = vector.outcome.split(separator: " ")
    guard outcome.count == 2 else {
      let received = try #require(upstream.received)
      #expect(TestExchange.values("x-user", in: received).first == vector.isForwardedAs)
      // A credential that was judged is not forwarded.
      if vector.rule != "none" { #expect(TestExchange.values("x-a", in: received).isEmpty) }
      let denial = test.exchange.denial
      #expect(denial?.isShadow ?? true)
      return
    }
    #expect(upstream.received == nil)
    #expect(test.bodyText.contains("\"reason\":\"\(outcome[0])\""))
    let denial = try #require(test.exchange.denial)
    #expect(denial.cause.token.description == outcome[1])
    #expect(String(decoding: denial.rule, as: UTF8.self) == "auth routes.conf:12:3")
    #expect(test.exchange.response.status == (outcome[0] == "insufficient_scope" ? 403 : 401))
  }

  @Test(arguments: [
    ("any=[a b]", [String](), ["Fake realm=\"a\"", "Fake realm=\"b\""]),
    ("any=[a b]", ["X-A: bad"], ["Fake error=\"a\"", "Fake error=\"b\""]),
    (
      "any=[a] require=[scope:write scope:admin]", ["X-A: good"],
      ["Fake error=\"insufficient_scope\", scope=\"write admin\""]
    ),
    ("any=[a] require=[role:admin]", ["X-A: good"], ["Fake error=\"insufficient_scope\""]),
  ])
  func `a refusal challenges by every scheme that would do`(
    rule: String, fields: [String], lines: [String]
  ) async throws {
    let (test, _) = try await run(rule, fields: fields)
    #expect(try test.client("www-authenticate") == lines)
  }

  @Test func `the answer does not tell why a credential is wrong`() async throws {
    let (test, _) = try await run("any=[a]", fields: ["X-A: bad"])
    let answer = try test.clientLines().joined() + test.bodyText
    #expect(!answer.contains("fake_wrong") && !answer.contains("routes.conf"))
  }

  @Test func `a caller is known by every identity that proved it`() async throws {
    let (test, _) = try await run("all=[b a]", fields: ["X-A: good", "X-B: good"])
    #expect(test.exchange.principal?.identity.name == Array("b".utf8))
    #expect(test.exchange.furtherPrincipals.map(\.identity.name) == [Array("a".utf8)])
  }

  @Test(arguments: [
    ("auth any=[]", "exactly one"), ("auth any=[a] all=[b]", "exactly one"),
    ("auth none any=[a]", "exactly one"), ("auth optional=[a] require=[scope:x]", "may be none"),
    ("auth none require=[scope:x]", "may be none"), ("auth any=[c]", "no identity 'c'"),
    ("auth any=[a a]", "twice"), ("auth any=[a] require=[x]", "scope:NAME"),
    ("auth none shadow=on", "refuses nobody"), ("auth", "exactly one"),
  ])
  func `a rule that says less than it seems to is an error`(statement: String, words: String) {
    let text =
      "sluice 1\nlistener edge {\n  bind 127.0.0.1:8080\n}\nupstream o {\n"
      + "  server 127.0.0.1:9000\n}\nidentity a key keys=\"k\"\nidentity b key keys=\"k\"\n"
      + "route r {\n  match path=/**\n  \(statement)\n  to o\n}\n"
    let result = ExampleTests.load(text)
    #expect(result.configuration == nil)
    #expect(result.diagnostics.contains { $0.message.contains(words) })
  }
}
