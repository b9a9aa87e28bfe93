// Tokens with good signatures that are no good all the same, and those that are. The secret signs
// here, so that every claim can be forged; signatures themselves are SignaturesTests' matter.

import Configuration
import OpenSSL
import PolicyChain
import Signatures
import Testing

@testable import Policies

/// Claims, and what must come of them: a subject, or the token of the refusal.
struct ClaimsVector: Sendable, CustomTestStringConvertible {
  let claims: String
  let expected: String
  var testDescription: String { claims }

  init(_ claims: String, _ expected: String) { (self.claims, self.expected) = (claims, expected) }

  private static let now = 1_795_453_378
  private static func with(_ more: String) -> String {
    #"{"iss":"ci","aud":"api","sub":"ann","exp":\#(now + 60)\#(more)}"#
  }

  static let all: [ClaimsVector] = [
    ClaimsVector(with(""), "ann"), ClaimsVector(with(#","nbf":\#(now),"iat":\#(now)"#), "ann"),
    // The issuer, to the letter.
    ClaimsVector(#"{"iss":"CI","aud":"api","exp":\#(now + 60)}"#, "foreign"),
    ClaimsVector(#"{"iss":"ci ","aud":"api","exp":\#(now + 60)}"#, "foreign"),
    ClaimsVector(#"{"iss":["ci"],"aud":"api","exp":\#(now + 60)}"#, "foreign"),
    ClaimsVector(#"{"aud":"api","exp":\#(now + 60)}"#, "foreign"),
    ClaimsVector(#"{"iss":"evil","iss":"ci","aud":"api"}"#, "token_claims_unreadable"),
    ClaimsVector(#"["ci"]"#, "token_claims_unreadable"),
    ClaimsVector("ci", "token_claims_unreadable"),
    ClaimsVector("", "token_claims_unreadable"),
    // The audience: one of several will do, a part of it will not.
    ClaimsVector(#"{"iss":"ci","aud":["x","api"],"sub":"ann","exp":\#(now + 60)}"#, "ann"),
    ClaimsVector(#"{"iss":"ci","aud":"apis","exp":\#(now + 60)}"#, "token_audience_wrong"),
    ClaimsVector(#"{"iss":"ci","aud":"API","exp":\#(now + 60)}"#, "token_audience_wrong"),
    ClaimsVector(#"{"iss":"ci","aud":[],"exp":\#(now + 60)}"#, "token_audience_wrong"),
    ClaimsVector(#"{"iss":"ci","aud":[["api"]],"exp":\#(now + 60)}"#, "token_audience_wrong"),
    ClaimsVector(#"{"iss":"ci","aud":["api",1],"exp":\#(now + 60)}"#, "token_audience_wrong"),
    ClaimsVector(#"{"iss":"ci","aud":{"api":1},"exp":\#(now + 60)}"#, "token_audience_wrong"),
    ClaimsVector(#"{"iss":"ci","aud":null,"exp":\#(now + 60)}"#, "token_audience_wrong"),
    ClaimsVector(#"{"iss":"ci","exp":\#(now + 60)}"#, "token_audience_wrong"),
    // Times, with a leeway of 30 seconds: n - 1, n, n + 1.
    ClaimsVector(#"{"iss":"ci","aud":"api","sub":"ann","exp":\#(now - 29)}"#, "ann"),
    ClaimsVector(#"{"iss":"ci","aud":"api","sub":"ann","exp":\#(now - 30)}"#, "token_expired"),
    ClaimsVector(#"{"iss":"ci","aud":"api","sub":"ann","exp":0}"#, "token_expired"),
    ClaimsVector(with(#","nbf":\#(now + 30)"#), "ann"),
    ClaimsVector(with(#","nbf":\#(now + 31)"#), "token_not_yet_valid"),
    ClaimsVector(with(#","iat":\#(now + 31)"#), "token_not_yet_valid"),
    ClaimsVector(#"{"iss":"ci","aud":"api"}"#, "token_never_expires"),
    ClaimsVector(#"{"iss":"ci","aud":"api","exp":"\#(now + 60)"}"#, "token_time_malformed"),
    // Fractions are allowed, and left off: some libraries write microseconds.
    ClaimsVector(
      #"{"iss":"ci","aud":"api","sub":"ann","exp":\#(now + 60).123456,"nbf":\#(now + 30).999}"#,
      "ann"),
    ClaimsVector(
      #"{"iss":"ci","aud":"api","sub":"ann","exp":\#(now - 30).999999}"#, "token_expired"),
    ClaimsVector(with(#","iat":\#(now + 31).0"#), "token_not_yet_valid"),
    ClaimsVector(#"{"iss":"ci","aud":"api","exp":\#(now + 60).5e1}"#, "token_time_malformed"),
    ClaimsVector(#"{"iss":"ci","aud":"api","exp":9007199254740992.0}"#, "token_time_malformed"),
    ClaimsVector(#"{"iss":"ci","aud":"api","exp":1e400}"#, "token_time_malformed"),
    ClaimsVector(#"{"iss":"ci","aud":"api","exp":-1}"#, "token_time_malformed"),
    ClaimsVector(#"{"iss":"ci","aud":"api","exp":[\#(now + 60)]}"#, "token_time_malformed"),
    ClaimsVector(#"{"iss":"ci","aud":"api","exp":null}"#, "token_time_malformed"),
    ClaimsVector(#"{"iss":"ci","aud":"api","exp":9007199254740992}"#, "token_time_malformed"),
    ClaimsVector(
      #"{"iss":"ci","aud":"api","exp":18446744073709551615}"#, "token_time_malformed"),
    ClaimsVector(with(#","nbf":"0""#), "token_time_malformed"),
    ClaimsVector(with(#","iat":1e3"#), "token_time_malformed"),
    ClaimsVector(
      #"{"iss":"ci","aud":"api","sub":["ann"],"exp":\#(now + 60)}"#, "token_subject_malformed"),
  ]
}

@Suite struct JWTVerifierTests {
  static let secret = [UInt8]("a secret of thirty-two bytes, OK!".utf8)
  static let good = ClaimsVector.all[0].claims
  static let now: UInt64 = TestExchange.time / 1000
  let library: LibraryContext

  init() throws { library = try LibraryContext() }

  private func verifier(
    _ change: (inout JWTIdentity.Settings) -> Void = { _ in }
  ) throws -> JWTVerifier {
    var settings = JWTIdentity.Settings()
    settings.issuer = "ci"
    settings.audiences = ["api", "web"]
    settings.algorithms = [.hs256]
    change(&settings)
    return try JWTVerifier(
      settings, KeySet(secret: Self.secret.span),
      VerifierContext(label: IdentityLabel(name: "robots", metric: 1), library: library, desk: nil))
  }

  private func token(
    _ claims: String, header: String = #"{"alg":"HS256"}"#, secret: [UInt8] = secret
  ) throws -> String {
    let input =
      Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
    let code = try HMACSHA256(key: secret.span, library: library).code(for: input.utf8Span.span)
    return input + "." + Base64URL.encode((0..<32).map { code[$0] })
  }

  private func verdict(
    _ verifier: JWTVerifier, _ token: String, now: UInt64 = now
  ) -> String {
    switch verifier.proof(of: token.utf8Span.span, now: now) {
    case .absent: "absent"
    case .foreign: "foreign"
    case .proved(let principal): String(decoding: principal.subject, as: UTF8.self)
    case .wrong(let cause), .declined(let cause): cause.token.description
    case .pending: "pending"
    case .undecided: "undecided"
    }
  }

  @Test(arguments: ClaimsVector.all)
  func `claims decide once the signature is right`(_ vector: ClaimsVector) throws {
    #expect(verdict(try verifier(), try token(vector.claims)) == vector.expected)
  }

  @Test(arguments: [
    (#"{"alg":"HS256","typ":"JWT"}"#, "ann"), (#"{"alg":"HS256","typ":"jwt"}"#, "ann"),
    (#"{"alg":"HS256","typ":"at+jwt"}"#, "ann"),
    (#"{"alg":"HS256","typ":"application/at+jwt"}"#, "ann"),
    (#"{"alg":"HS256","typ":"logout+jwt"}"#, "token_type_wrong"),
    (#"{"alg":"HS256","typ":"secevent+jwt"}"#, "token_type_wrong"),
    (#"{"alg":"HS256","typ":""}"#, "token_type_wrong"),
    (#"{"alg":"HS384"}"#, "token_algorithm_not_allowed"),
    (#"{"alg":"none"}"#, "token_algorithm_not_allowed"),
  ])
  func `a token for another purpose is refused`(header: String, expected: String) throws {
    #expect(verdict(try verifier(), try token(Self.good, header: header)) == expected)
  }

  @Test func `a token under another secret is refused`() throws {
    let verifier = try verifier()
    for secret: [UInt8] in [Array("x".utf8), Self.secret + [1], Array(Self.secret.dropLast())] {
      #expect(
        verdict(verifier, try token(Self.good, secret: secret)) == "token_signature_wrong")
    }
  }

  @Test func `a public key is no secret`() throws {
    // The classic confusion: a token that is signed with what everybody can read.
    let key =
      #"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
      + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#
    let set = try KeySet(jwks: key.utf8Span.span, library: library)
    guard case .open(let encoded, _)? = set.keys.first?.material else {
      Issue.record("The key is a public one.")
      return
    }
    for algorithms: [JWSAlgorithm] in [[.es256], [.es256, .hs256]] {
      var settings = JWTIdentity.Settings()
      settings.issuer = "ci"
      settings.audiences = ["api"]
      settings.algorithms = algorithms
      let verifier = try JWTVerifier(
        settings, set,
        VerifierContext(
          label: IdentityLabel(name: "staff", metric: 1), library: library, desk: nil))
      for secret in [encoded, Array(key.utf8)] {
        let forged = try token(Self.good, secret: secret)
        let expected =
          algorithms.count == 1 ? "token_algorithm_not_allowed" : "token_key_unknown"
        #expect(verdict(verifier, forged) == expected)
      }
    }
  }

  @Test func `required claims must be there`() throws {
    let verifier = try verifier { $0.required = ["sub", "tenant"] }
    #expect(verdict(verifier, try token(Self.good)) == "token_claim_missing")
    let null = Self.good.dropLast() + #","tenant":null}"#
    #expect(verdict(verifier, try token(String(null))) == "token_claim_missing")
    let whole = Self.good.dropLast() + #","tenant":"a"}"#
    #expect(verdict(verifier, try token(String(whole))) == "ann")
  }

  @Test func `scopes and roles come as text or as a list`() throws {
    let verifier = try verifier { $0.rolesClaim = "realm_access.roles" }
    for claim in [#""scope":"a b:c""#, #""scp":["a","b:c"]"#, #""scp":"a b:c""#] {
      let claims = Self.good.dropLast() + #",\#(claim),"realm_access":{"roles":["admin"]}}"#
      let text = try token(String(claims))
      guard case .proved(let principal) = verifier.proof(of: text.utf8Span.span, now: Self.now)
      else {
        Issue.record("\(claims) is good.")
        continue
      }
      #expect(principal.scopes == [Array("a".utf8), Array("b:c".utf8)])
      #expect(principal.roles == [Array("admin".utf8)])
    }
  }

  @Test func `a claim that could not stand in a field proves nobody`() throws {
    let verifier = try verifier { $0.claimHeaders = [Named(name: "x-tenant", value: ["tenant"])] }
    for value in [#""a\r\nx: y""#, #""a\u0000""#, #"" a""#, #"{"a":1}"#, #"["a,b"]"#, #""é""#] {
      let claims = String(Self.good.dropLast() + #","tenant":\#(value)}"#)
      #expect(verdict(verifier, try token(claims)) == "token_claim_unfit_for_field", "\(value)")
    }
  }

  @Test func `a token that was judged before still expires`() throws {
    let verifier = try verifier()
    let text = try token(Self.good)
    #expect(verdict(verifier, text) == "ann")
    #expect(verdict(verifier, text, now: Self.now + 89) == "ann")
    #expect(verdict(verifier, text, now: Self.now + 90) == "token_expired")
  }

  @Test func `new keys are the end of what the old ones proved`() throws {
    let verifier = try verifier()
    let text = try token(Self.good)
    #expect(verdict(verifier, text) == "ann")
    let other = Self.secret.reversed().map { $0 }
    verifier.adopt(KeySet(secret: other.span))
    #expect(verdict(verifier, text) == "token_signature_wrong")
    #expect(verdict(verifier, try token(Self.good, secret: other)) == "ann")
  }

  @Test func `more tokens than the cache holds are all judged right`() throws {
    let verifier = try verifier()
    var tokens: [String] = []
    for index in 0..<6000 {
      tokens.append(try token(Self.good.replacing("\"ann\"", with: "\"u\(index)\"")))
    }
    for _ in 0..<2 {
      for (index, text) in tokens.enumerated() { #expect(verdict(verifier, text) == "u\(index)") }
    }
  }

  @Test(arguments: [
    ("Authorization: Bearer %", "ann"), ("authorization: bEARER %", "ann"),
    ("Authorization: Bearer   %", "ann"), ("Authorization: Basic %", "absent"),
    ("Authorization: Bearer", "absent"), ("Authorization: Bearer%", "absent"),
    ("X-Authorization: Bearer %", "absent"),
    ("Authorization: Bearer %, Bearer x", "token_encoding"),
    ("Authorization: Bearer opaque", "token_not_compact"),
  ])
  func `a token is a bearer's`(field: String, expected: String) throws {
    let verifier = try verifier()
    let test = try TestExchange(
      "GET /", fields: [field.replacing("%", with: try token(Self.good))])
    let found =
      switch verifier.verify(test.exchange) {
      case .absent: "absent"
      case .foreign: "foreign"
      case .proved(let principal): String(decoding: principal.subject, as: UTF8.self)
      case .wrong(let cause), .declined(let cause): cause.token.description
      case .pending: "pending"
      case .undecided: "undecided"
      }
    #expect(found == expected)
    try verifier.conceal(in: test.exchange.request)
    #expect(
      try test.upstream("authorization").isEmpty == (expected != "absent" || !field.hasPrefix("A")))
  }

  @Test func `the token is passed on only where the config says so`() throws {
    let verifier = try verifier { $0.isForwarded = true }
    let test = try TestExchange(
      "GET /", fields: ["Authorization: Bearer \(try token(Self.good))"])
    try verifier.conceal(in: test.exchange.request)
    #expect(try test.upstream("authorization").count == 1)
  }

  @Test(arguments: [
    (#"identity a jwt audience=[x] algorithms=[ES256] key="k""#, "without 'issuer='"),
    (#"identity a jwt issuer="x" algorithms=[ES256] key="k""#, "without 'audience='"),
    (#"identity a jwt issuer="x" audience=[x] key="k""#, "without 'algorithms='"),
    (#"identity a jwt issuer="x" audience=[x] algorithms=[none] key="k""#, "takes RS256"),
    (#"identity a jwt issuer="x" audience=[x] algorithms=[HS256] key="k""#, "everyone sign"),
    (
      #"identity a jwt issuer="x" audience=[x] algorithms=[ES256 HS256] jwks=file("k")"#,
      "everyone sign"
    ),
    (
      #"identity a jwt issuer="x" audience=[x] algorithms=[ES256] secret=secret("env:A")"#,
      "needs a public key"
    ),
    (#"identity a jwt issuer="x" audience=[x] algorithms=[ES256]"#, "exactly one of"),
    (
      #"identity a jwt issuer="x" audience=[x] algorithms=[ES256] key="k" jwks=file("k")"#,
      "exactly one of"
    ),
    (#"identity a jwt issuer="x" audience=[x] algorithms=[HS256] secret="s""#, "takes secret("),
    (#"identity a jwt issuer="x" audience=[x] algorithms=[ES256] key="k" leeway=61s"#, "1m"),
    (
      #"identity a jwt issuer="x" audience=[x] algorithms=[ES256] key="k" claim-header.host=sub"#,
      "no name for a field"
    ),
    (
      #"identity a jwt issuer="x" audience=[x] algorithms=[ES256] jwks="keys.json""#,
      "a URL such as"
    ),
  ])
  func `an identity that would take too much is an error`(statement: String, words: String) {
    let text =
      "sluice 1\n\(statement)\nlistener edge {\n  bind 127.0.0.1:8080\n}\n"
      + "route r {\n  match path=/**\n  auth any=[a]\n  respond 200\n}\n"
    let result = ExampleTests.load(text)
    #expect(result.configuration == nil)
    #expect(
      result.diagnostics.contains { $0.message.contains(words) },
      "\(result.diagnostics.map(\.message))")
  }
}
