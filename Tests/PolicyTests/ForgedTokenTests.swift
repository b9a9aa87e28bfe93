// Forged tokens, of every kind that is known to have passed somewhere: RFC 8725 section 2, the
// advisories that docs/hardening.md names, and the tools that try them.

import Configuration
import OpenSSL
import PolicyChain
import Signatures
import Testing

@testable import Policies

/// Makes tokens as an attacker would, and genuine ones to forge.
struct Mint {
  static let now = 1_795_453_378
  static let secret = [UInt8]("a secret of thirty-two bytes, OK!".utf8)
  static let claims = #"{"iss":"ci","aud":"api","sub":"ann","exp":\#(now + 60)}"#
  /// The key of RFC 7515 appendix A.3, which everybody can read.
  static let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
  static let jwk =
    #"{"kty":"EC","crv":"P-256","kid":"a","x":"\#(x)","#
    + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#
  /// A signature that the key made, of another text.
  static let foreignSignature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

  let library: LibraryContext

  static func text(_ header: String, _ claims: String = claims) -> String {
    Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
  }

  /// A token whose code is right under a secret.
  func coded(
    _ header: String = #"{"alg":"HS256"}"#, _ claims: String = claims,
    under secret: [UInt8] = secret
  ) throws -> String {
    try coded(text: Self.text(header, claims), under: secret)
  }

  func coded(text: String, under secret: [UInt8] = secret) throws -> String {
    let code = try HMACSHA256(key: secret.span, library: library).code(for: text.utf8Span.span)
    return text + "." + Base64URL.encode((0..<32).map { code[$0] })
  }

  func openKey() throws -> KeySet {
    try KeySet(jwks: #"{"keys":[\#(Self.jwk)]}"#.utf8Span.span, library: library)
  }

  /// The public key in DER, as a library would hand it to its code for secrets.
  func der() throws -> [UInt8] {
    guard case .open(let encoded, _)? = try openKey().keys.first?.material else { return [] }
    return encoded
  }
}

/// One forgery, and the cause that the log must name.
struct Forgery: Sendable, CustomTestStringConvertible {
  /// The identity that it is shown to: one of public keys, or one of a secret.
  enum Target { case open, coded }

  let name: String
  let target: Target
  let expected: String
  let make: @Sendable (Mint) throws -> String
  var testDescription: String { name }

  private static func open(
    _ name: String, _ expected: String, _ make: @escaping @Sendable (Mint) throws -> String
  ) -> Forgery {
    Forgery(name: name, target: .open, expected: expected, make: make)
  }

  private static func header(_ header: String, _ expected: String) -> Forgery {
    open(header, expected) { _ in Mint.text(header) + "." + Mint.foreignSignature }
  }

  private static func signature(_ name: String, _ bytes: [UInt8]) -> Forgery {
    open(name, "token_signature_wrong") { _ in
      Mint.text(#"{"alg":"ES256","kid":"a"}"#) + "." + Base64URL.encode(bytes)
    }
  }

  private static func text(
    _ name: String, _ expected: String, _ change: @escaping @Sendable (String) -> String
  ) -> Forgery {
    Forgery(name: name, target: .coded, expected: expected) { change(try $0.coded()) }
  }

  private static func claims(_ claims: String, _ expected: String) -> Forgery {
    Forgery(name: claims, target: .coded, expected: expected) {
      try $0.coded(#"{"alg":"HS256"}"#, claims)
    }
  }

  static let all = unsigned + confused + guided + signatures + shapes + altered + dishonest

  /// No signature, by any spelling.
  private static let unsigned: [Forgery] = [
    open("none, and nothing behind the last dot", "token_not_compact") { _ in
      Mint.text(#"{"alg":"none"}"#) + "."
    },
    header(#"{"alg":"none"}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":"None"}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":"NONE"}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":"nOnE"}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":" none"}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":""}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":null}"#, "token_header"),
    header(#"{"typ":"JWT"}"#, "token_header"),
  ]

  /// A public key used as a secret, or one kind of key for another's algorithm.
  private static let confused: [Forgery] = [
    open("a code under the key's DER", "token_algorithm_not_allowed") {
      try $0.coded(under: try $0.der())
    },
    open("a code under the key's PEM", "token_algorithm_not_allowed") {
      let pem = "-----BEGIN PUBLIC KEY-----\n\(Base64URL.encode(try $0.der()))\n"
      return try $0.coded(under: Array(pem.utf8))
    },
    open("a code under the key's JWK", "token_algorithm_not_allowed") {
      try $0.coded(under: Array(Mint.jwk.utf8))
    },
    open("a code under the key's coordinate", "token_algorithm_not_allowed") {
      try $0.coded(under: Base64URL.decode(Mint.x.utf8Span.span) ?? [])
    },
    open("a code under one zero", "token_algorithm_not_allowed") { try $0.coded(under: [0]) },
    header(#"{"alg":"RS256","kid":"a"}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":"ES384","kid":"a"}"#, "token_key_unknown"),
    header(#"{"alg":"ES256K","kid":"a"}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":"es256","kid":"a"}"#, "token_algorithm_not_allowed"),
    header(#"{"alg":"EdDSA","kid":"a"}"#, "token_algorithm_not_allowed"),
  ]

  /// A header that says where trust is to be found.
  private static let guided: [Forgery] = [
    header(#"{"alg":"ES256","jwk":\#(Mint.jwk)}"#, "token_brings_key"),
    header(#"{"alg":"ES256","jku":"https://evil.example/k"}"#, "token_brings_key"),
    header(#"{"alg":"ES256","x5u":"https://evil.example/k"}"#, "token_brings_key"),
    header(#"{"alg":"ES256","x5c":["MIIB"]}"#, "token_brings_key"),
    header(#"{"alg":"ES256","kid":"../../dev/null"}"#, "token_key_unknown"),
    header(#"{"alg":"ES256","kid":"x' UNION SELECT 'k' --"}"#, "token_key_unknown"),
    header(#"{"alg":"ES256","kid":"A"}"#, "token_key_unknown"),
    header(#"{"alg":"ES256","kid":["a"]}"#, "token_header"),
    header(
      #"{"alg":"ES256","kid":"\#(String(repeating: "k", count: 129))"}"#, "token_header"),
    header(#"{"alg":"ES256","crit":["http://example.com/x"]}"#, "token_critical_extension"),
    header(#"{"alg":"ES256","crit":["b64"],"b64":false}"#, "token_critical_extension"),
    header(#"{"alg":"ES256","b64":false}"#, "token_unencoded_payload"),
    header(#"{"alg":"ES256","cty":"JWT"}"#, "token_encrypted_or_nested"),
    header(#"{"alg":"ECDH-ES","enc":"A256GCM"}"#, "token_encrypted_or_nested"),
    header(#"{"alg":"none","alg":"ES256"}"#, "token_header"),
    header(#"{"alg":"ES256","\u0061lg":"none"}"#, "token_header"),
    header(#"{"alg":["ES256"]}"#, "token_header"),
    header(#"["ES256"]"#, "token_header"),
    header(#"{"alg":"ES256"}{}"#, "token_header"),
  ]

  private static let signatures: [Forgery] = [
    signature("two zeros (CVE-2022-21449)", [UInt8](repeating: 0, count: 64)),
    signature("the order of the curve, twice", order + order),
    signature("only ones", [UInt8](repeating: 255, count: 64)),
    signature("one byte too few", [UInt8](repeating: 1, count: 63)),
    signature("one byte too many", [UInt8](repeating: 1, count: 65)),
    signature("two small numbers in DER", [0x30, 6, 2, 1, 1, 2, 1, 1]),
    open("the key's signature of another text", "token_signature_wrong") { _ in
      Mint.text(#"{"alg":"ES256","kid":"a"}"#) + "." + Mint.foreignSignature
    },
  ]

  private static let order: [UInt8] =
    [UInt8](repeating: 255, count: 4) + [0, 0, 0, 0] + [UInt8](repeating: 255, count: 8) + [
      0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25,
      0x51,
    ]

  /// Texts that are no compact token.
  private static let shapes: [Forgery] = [
    text("encrypted: five parts", "token_not_compact") { $0 + ".AA.AA" },
    text("a fourth part", "token_not_compact") { $0 + "." },
    text("nothing but dots", "token_not_compact") { _ in String(repeating: ".", count: 8000) },
    text("a form of JSON", "token_not_compact") {
      let parts = $0.split(separator: ".")
      return #"{"protected":"\#(parts[0])","payload":"\#(parts[1])","signature":"\#(parts[2])"}"#
    },
    text("longer than any token", "token_too_long") { $0 + String(repeating: "A", count: 8192) },
    text("with padding", "token_encoding") { $0 + "=" },
    text("with a blank", "token_encoding") { $0.replacing(".", with: ". ", maxReplacements: 1) },
    text("with a line break", "token_encoding") { $0 + "\n" },
    text("with NUL behind it", "token_encoding") { $0 + "\0" },
    text("in the other alphabet", "token_encoding") { $0.dropLast(2) + "+/" },
    text("with bits behind the signature that mean nothing", "token_encoding") { token in
      // 32 bytes leave two bits over, which must be zero.
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
      let last = alphabet.firstIndex(of: token.last ?? "A") ?? 0
      return token.dropLast() + String(alphabet[last | 1])
    },
  ]

  /// Genuine tokens, changed after they were signed.
  private static let altered: [Forgery] = [
    text("another subject", "token_signature_wrong") { token in
      let parts = token.split(separator: ".")
      let claims = Mint.claims.replacing("ann", with: "eve")
      return "\(parts[0]).\(Base64URL.encode(Array(claims.utf8))).\(parts[2])"
    },
    text("another header", "token_signature_wrong") { token in
      let parts = token.split(separator: ".")
      return "\(Base64URL.encode(Array(#"{"alg":"HS256" }"#.utf8))).\(parts[1]).\(parts[2])"
    },
    text("half of the code", "token_signature_wrong") { String($0.dropLast(19)) },
    text("one byte of the code", "token_signature_wrong") { String($0.dropLast(43)) + "AA" },
    text("no code", "token_not_compact") { String($0.dropLast(43)) },
    Forgery(name: "another secret", target: .coded, expected: "token_signature_wrong") {
      try $0.coded(under: Array("another secret of thirty-two byte".utf8))
    },
    Forgery(name: "a secret with a line break", target: .coded, expected: "token_signature_wrong") {
      try $0.coded(under: Mint.secret + [10])
    },
    Forgery(name: "HS384 by name", target: .coded, expected: "token_algorithm_not_allowed") {
      try $0.coded(#"{"alg":"HS384"}"#)
    },
  ]

  /// Well signed, and no good all the same.
  private static let dishonest: [Forgery] = [
    claims(#"{"iss":"evil","aud":"api","exp":\#(Mint.now + 60)}"#, "foreign"),
    claims(#"{"aud":"api","exp":\#(Mint.now + 60)}"#, "foreign"),
    claims(#"{"iss":"evil","iss":"ci","aud":"api"}"#, "token_claims_unreadable"),
    claims(#"{"iss":"ci","aud":"other","exp":\#(Mint.now + 60)}"#, "token_audience_wrong"),
    claims(#"{"iss":"ci","aud":["a","b"],"exp":\#(Mint.now + 60)}"#, "token_audience_wrong"),
    claims(#"{"iss":"ci","aud":"api","exp":\#(Mint.now - 60)}"#, "token_expired"),
    claims(#"{"iss":"ci","aud":"api"}"#, "token_never_expires"),
    claims(#"{"iss":"ci","aud":"api","exp":"\#(Mint.now + 60)"}"#, "token_time_malformed"),
    claims(#"{"iss":"ci","aud":"api","exp":9e99}"#, "token_time_malformed"),
    claims(#"{"iss":"ci","aud":"api","exp":18446744073709551616}"#, "token_time_malformed"),
    claims(
      #"{"iss":"ci","aud":"api","exp":\#(Mint.now + 60),"nbf":\#(Mint.now + 61)}"#,
      "token_not_yet_valid"),
    claims(
      #"{"iss":"ci","aud":"api","exp":1\#(String(repeating: "0", count: 40))}"#,
      "token_claims_unreadable"),
    claims(
      String(repeating: "[", count: 3000) + String(repeating: "]", count: 3000),
      "token_claims_unreadable"),
    Forgery(name: "a token for logging out", target: .coded, expected: "token_type_wrong") {
      try $0.coded(#"{"alg":"HS256","typ":"logout+jwt"}"#)
    },
  ]
}

@Suite struct ForgedTokenTests {
  let mint: Mint

  init() throws { mint = Mint(library: try LibraryContext()) }

  private func verifier(of target: Forgery.Target) throws -> JWTVerifier {
    var settings = JWTIdentity.Settings()
    settings.issuer = "ci"
    settings.audiences = ["api"]
    settings.algorithms = target == .open ? [.es256, .es384] : [.hs256]
    return try JWTVerifier(
      settings, target == .open ? try mint.openKey() : KeySet(secret: Mint.secret.span),
      VerifierContext(
        label: IdentityLabel(name: "staff", metric: 1), library: mint.library, desk: nil))
  }

  private func verdict(_ verifier: JWTVerifier, _ token: String) -> String {
    switch verifier.proof(of: Array(token.utf8).span, now: UInt64(Mint.now)) {
    case .absent: "absent"
    case .foreign: "foreign"
    case .proved: "proved"
    case .wrong(let cause), .declined(let cause): cause.token.description
    case .pending: "pending"
    case .undecided: "undecided"
    }
  }

  @Test(arguments: Forgery.all)
  func `a forged token is refused, and the log says why`(_ forgery: Forgery) throws {
    let verifier = try verifier(of: forgery.target)
    // A genuine token that is remembered must not help a forged one.
    if forgery.target == .coded { #expect(verdict(verifier, try mint.coded()) == "proved") }
    let token = try forgery.make(mint)
    #expect(verdict(verifier, token) == forgery.expected)
    #expect(verdict(verifier, token) == forgery.expected, "asked again")
  }

  @Test func `the table holds at least forty forgeries`() {
    #expect(Set(Forgery.all.map(\.name)).count >= 40)
  }

  @Test func `an issuer is compared by bytes, not by what its characters look like`() throws {
    var settings = JWTIdentity.Settings()
    settings.issuer = "caf\u{E9}"
    settings.audiences = ["caf\u{E9}"]
    settings.algorithms = [.hs256]
    let verifier = try JWTVerifier(
      settings, KeySet(secret: Mint.secret.span),
      VerifierContext(
        label: IdentityLabel(name: "staff", metric: 1), library: mint.library, desk: nil))
    let claims = { (issuer: String, audience: String) in
      #"{"iss":"\#(issuer)","aud":"\#(audience)","exp":\#(Mint.now + 60)}"#
    }
    let token = { (issuer: String, audience: String) in
      try mint.coded(#"{"alg":"HS256"}"#, claims(issuer, audience))
    }
    #expect(verdict(verifier, try token("caf\u{E9}", "caf\u{E9}")) == "proved")
    #expect(verdict(verifier, try token("cafe\u{301}", "caf\u{E9}")) == "foreign")
    #expect(verdict(verifier, try token("caf\u{E9}", "cafe\u{301}")) == "token_audience_wrong")
  }

  @Test func `remembered tokens are bounded in bytes`() {
    var cache = TokenCache()
    let somebody = Principal(
      identity: IdentityLabel(name: "staff", metric: 1), subject: [], scopes: [], roles: [],
      claims: .object([:]), fields: [])
    let digests: KeyedDigest
    do throws(CryptoError) { digests = try KeyedDigest(library: mint.library) } catch {
      Issue.record("no digest: \(error)")
      return
    }
    var last: KeyedDigest.Value?
    for index in 0..<2000 {
      guard let digest = digests.digest(of: Array("\(index)".utf8).span) else { continue }
      cache.insert(somebody, of: digest, bytes: 8000, until: 10)
      #expect(cache.textBytes <= TokenCache.textBytesMax)
      last = digest
    }
    if let last { #expect(cache.principal(of: last, now: 9) === somebody) }
    if let last { #expect(cache.principal(of: last, now: 10) == nil) }
    cache.removeAll()
    #expect(cache.textBytes == 0)
  }
}
