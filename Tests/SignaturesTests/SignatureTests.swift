// Tokens of the RFCs, and what no token may get away with.

import Bytes
import OpenSSL
import Testing

@testable import Signatures

/// A token that an RFC signs, and the key that it shows.
struct SignedVector: Sendable, CustomTestStringConvertible {
  let name: String
  let key: String
  let token: String
  let algorithm: JWSAlgorithm
  var testDescription: String { name }

  private static let claims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
    + "cnVlfQ"

  static let hs256 = SignedVector(
    name: "RFC 7515 A.1",
    key: #"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4"#
      + #"hcgUuTwjAzZr1Z9CAow"}"#,
    token: "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(claims)."
      + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", algorithm: .hs256)

  static let rsaKey =
    #"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Va"#
    + "w-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb"
    + "_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZ"
    + "lxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9g"
    + #"b54h4FRWyuXpoQ","e":"AQAB"}"#

  static let rs256 = SignedVector(
    name: "RFC 7515 A.2", key: rsaKey,
    token: "eyJhbGciOiJSUzI1NiJ9.\(claims)."
      + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8"
      + "W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvk"
      + "SjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCn"
      + "vWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    algorithm: .rs256)

  static let es256 = SignedVector(
    name: "RFC 7515 A.3",
    key: #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FE"#
      + #"zRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    token: "eyJhbGciOiJFUzI1NiJ9.\(claims)."
      + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    algorithm: .es256)

  static let es512 = SignedVector(
    name: "RFC 7515 A.4",
    key: #"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnY"#
      + #"G_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-"#
      + #"x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#,
    token: "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA."
      + "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7Xd"
      + "tAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_"
      + "Jn", algorithm: .es512)

  static let ed25519 = SignedVector(
    name: "RFC 8037 A.4",
    key: #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    token: "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      + "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    algorithm: .edDSA)

  static let all = [hs256, rs256, es256, es512, ed25519]
}

@Suite struct SignatureTests {
  let library: LibraryContext

  init() throws { library = try LibraryContext() }

  /// What comes of a token: `valid`, or the stable token of the refusal.
  private func outcome(
    _ token: String, _ keys: [String], _ algorithms: Set<JWSAlgorithm>
  ) throws -> String {
    let set = try KeySet(
      jwks: "{\"keys\":[\(keys.joined(separator: ","))]}".utf8Span.span, library: library)
    let judge = try SignatureJudge(set, algorithms: algorithms, library: library)
    do throws(JWSError) {
      let text = token.utf8Span.span
      try judge.judge(try CompactJWS(text), text)
      return "valid"
    } catch { return error.rawValue }
  }

  @Test(arguments: SignedVector.all)
  func `a token of an RFC is right by its key`(_ vector: SignedVector) throws {
    #expect(try outcome(vector.token, [vector.key], [vector.algorithm]) == "valid")
  }

  @Test(arguments: SignedVector.all)
  func `one changed character anywhere makes it wrong`(_ vector: SignedVector) throws {
    let bytes = Array(vector.token.utf8)
    for index in stride(from: 0, to: bytes.count, by: 7) where bytes[index] != 46 {
      var other = bytes
      other[index] = other[index] == 65 ? 66 : 65
      let token = String(decoding: other, as: UTF8.self)
      #expect(try outcome(token, [vector.key], [vector.algorithm]) != "valid", "byte \(index)")
    }
  }

  @Test(arguments: SignedVector.all)
  func `an algorithm that the config does not name is refused, right or not`(
    _ vector: SignedVector
  ) throws {
    let others = Set(JWSAlgorithm.allCases).subtracting([vector.algorithm])
    #expect(try outcome(vector.token, [vector.key], others) == "token_algorithm_not_allowed")
  }

  @Test func `a key is never used for another algorithm than its kind allows`() throws {
    let all = Set(JWSAlgorithm.allCases)
    for vector in SignedVector.all where vector.algorithm != .hs256 {
      for other in SignedVector.all
      where other.algorithm != vector.algorithm && other.algorithm != .hs256 {
        #expect(try outcome(vector.token, [other.key], all) == "token_key_unknown")
      }
    }
  }

  @Test func `a set of keys finds the one that signed`() throws {
    let keys = SignedVector.all.filter { $0.algorithm != .hs256 }.map(\.key)
    for vector in SignedVector.all where vector.algorithm != .hs256 {
      #expect(try outcome(vector.token, keys, Set(JWSAlgorithm.allCases)) == "valid")
    }
  }

  // MARK: Headers

  @Test(arguments: [
    (#"{"alg":"none"}"#, "token_algorithm_not_allowed"),
    (#"{"alg":"None"}"#, "token_algorithm_not_allowed"),
    (#"{"alg":"nOnE"}"#, "token_algorithm_not_allowed"),
    (#"{"alg":""}"#, "token_algorithm_not_allowed"),
    (#"{"alg":"es256"}"#, "token_algorithm_not_allowed"),
    (#"{"alg":"HS256"}"#, "token_algorithm_not_allowed"),
    (#"{"alg":"ES256 "}"#, "token_algorithm_not_allowed"),
    (#"{"alg":"ES256K"}"#, "token_algorithm_not_allowed"),
    (#"{"alg":["ES256"]}"#, "token_header"), (#"{"alg":256}"#, "token_header"),
    (#"{}"#, "token_header"), (#"[]"#, "token_header"), (#""ES256""#, "token_header"),
    (#"{"alg":"none","alg":"ES256"}"#, "token_header"),
    (#"{"alg":"ES256","alg":"ES256"}"#, "token_header"),
    (#"{"alg":"ES256","crit":["exp"]}"#, "token_critical_extension"),
    (#"{"alg":"ES256","crit":[]}"#, "token_critical_extension"),
    (#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, "token_critical_extension"),
    (#"{"alg":"ES256","b64":false}"#, "token_unencoded_payload"),
    (#"{"alg":"ES256","b64":"false"}"#, "token_unencoded_payload"),
    (#"{"alg":"ES256","jku":"https://evil.example/"}"#, "token_brings_key"),
    (#"{"alg":"ES256","x5u":"https://evil.example/"}"#, "token_brings_key"),
    (#"{"alg":"ES256","jwk":{}}"#, "token_brings_key"),
    (#"{"alg":"ES256","x5c":["AA"]}"#, "token_brings_key"),
    (#"{"alg":"dir","enc":"A256GCM"}"#, "token_encrypted_or_nested"),
    (#"{"alg":"ES256","cty":"JWT"}"#, "token_encrypted_or_nested"),
    (#"{"alg":"ES256","kid":7}"#, "token_header"),
    (#"{"alg":"ES256","kid":"../../../../dev/null"}"#, "token_key_unknown"),
    (#"{"alg":"ES256","kid":"' OR 1=1 --"}"#, "token_key_unknown"),
    (#"{"alg":"ES256","typ":1}"#, "token_header"),
    (#"{"alg":"ES256"}"#, "token_signature_wrong"),
    (#"{"alg":"ES256","kid":"\#(String(repeating: "k", count: 129))"}"#, "token_header"),
  ])
  func `a header that asks for trust gets none`(header: String, expected: String) throws {
    let signature = SignedVector.es256.token.split(separator: ".")[2]
    let token = Base64URL.encode(Array(header.utf8)) + ".e30." + signature
    let named = SignedVector.es256.key.replacing("{\"kty\"", with: "{\"kid\":\"a\",\"kty\"")
    #expect(try outcome(token, [named], [.es256]) == expected)
  }

  @Test(arguments: [
    ("", "token_not_compact"), (".", "token_not_compact"), ("..", "token_not_compact"),
    ("a.b", "token_not_compact"), ("a.b.c.d.e", "token_not_compact"),
    ("e30.e30.", "token_not_compact"), (".e30.AA", "token_not_compact"),
    (String(repeating: ".", count: 8000), "token_not_compact"),
    (String(repeating: "a", count: 8193), "token_too_long"),
    ("e30=.e30.AA", "token_encoding"), ("e30.e3 0.AA", "token_encoding"),
    ("e30.e30.A", "token_encoding"), ("e30.e30.AB", "token_encoding"),
    ("e30.e30.A+8", "token_encoding"), ("e30.e30.A/8", "token_encoding"),
    ("e30\n.e30.AA", "token_encoding"),
    // Both numbers of the signature zero (CVE-2022-21449), too short, too long, in DER.
    ("eyJhbGciOiJFUzI1NiJ9.e30." + String(repeating: "A", count: 86), "token_signature_wrong"),
    ("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "token_signature_wrong"),
    ("eyJhbGciOiJFUzI1NiJ9.e30." + String(repeating: "A", count: 88), "token_signature_wrong"),
    ("eyJhbGciOiJFUzI1NiJ9.e30.MAYCAQECAQE", "token_signature_wrong"),
  ])
  func `what is no compact token is refused before it is split`(
    token: String, expected: String
  ) throws {
    #expect(try outcome(token, [SignedVector.es256.key], [.es256]) == expected)
  }

  // MARK: Keys

  @Test(arguments: [
    (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, "cannot be used"),
    (SignedVector.es256.key.replacing("P-256", with: "P-384"), "cannot be used"),
    (SignedVector.es256.key.replacing("f83", with: "f84"), "cannot be used"),
    (SignedVector.es256.key.replacing("\"kty\"", with: "\"use\":\"enc\",\"kty\""), "signatures"),
    (
      SignedVector.es256.key.replacing("\"kty\"", with: "\"key_ops\":[\"sign\"],\"kty\""),
      "verifying"
    ),
    (SignedVector.es256.key.replacing("\"kty\"", with: "\"alg\":\"RS256\",\"kty\""), "fit"),
    (SignedVector.es256.key.replacing("\"kty\"", with: "\"alg\":\"none\",\"kty\""), "algorithm"),
    (SignedVector.es256.key.replacing("\"kty\"", with: "\"d\":\"AA\",\"kty\""), "private"),
    (#"{"kty":"RSA","n":"qqqr","e":"AQAB"}"#, "cannot be used"),
    (SignedVector.rsaKey.replacing("AQAB", with: "AQ"), "cannot be used"),
    (SignedVector.rsaKey.replacing("AQAB", with: "Ag"), "cannot be used"),
    (#"{"kty":"oct","k":"c2hvcnQ"}"#, "too short"),
    (#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, "cannot"),
    (#"{"kty":"what"}"#, "cannot be used"), ("7", "no object"),
  ])
  func `a key that cannot be trusted is left out, and said`(key: String, words: String) throws {
    let set = try KeySet(jwks: "{\"keys\":[\(key)]}".utf8Span.span, library: library)
    #expect(set.keys.isEmpty)
    #expect(set.skipped.first?.contains(words) ?? false, "\(set.skipped)")
  }

  @Test(arguments: ["", "{}", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#, "[]"])
  func `what is no set of keys is refused`(text: String) {
    #expect(throws: KeySetError.self) {
      try KeySet(jwks: text.utf8Span.span, library: library)
    }
  }

  @Test func `one id may stand for keys of different kinds, and for no two of one kind`() throws {
    let named = { (key: String, more: String) in
      key.replacing("{\"kty\"", with: "{\"kid\":\"a\",\(more)\"kty\"")
    }
    let (rsa, curve) = (SignedVector.rs256, SignedVector.es256)
    let set = [named(rsa.key, ""), named(curve.key, ""), named(curve.key, #""use":"enc","#)]
    for vector in [rsa, curve] {
      #expect(try outcome(vector.token, set, [.rs256, .es256]) == "valid")
    }
    for pair in [
      [named(rsa.key, ""), named(rsa.key, "")],
      [named(rsa.key, #""alg":"RS256","#), named(rsa.key, "")],
      // One that cannot be used: nobody knows which was meant.
      [named(curve.key, ""), named(curve.key.replacing("f83", with: "f84"), "")],
    ] {
      #expect(throws: KeySetError("two keys of the set have the same id")) {
        try KeySet(
          jwks: "{\"keys\":[\(pair.joined(separator: ","))]}".utf8Span.span, library: library)
      }
    }
    let other = [named(rsa.key, #""alg":"RS256","#), named(rsa.key, #""alg":"PS256","#)]
    #expect(try outcome(rsa.token, other, [.rs256, .ps256]) == "valid")
  }

  @Test func `a signature of RSA has the length of its modulus`() throws {
    let vector = SignedVector.rs256
    let parts = vector.token.split(separator: ".")
    let decoded = Base64URL.decode(String(parts[2]).utf8Span.span)
    let signature = try #require(decoded)
    for bytes in [[0] + signature, Array(signature.dropFirst()), signature + [0]] {
      let token = "\(parts[0]).\(parts[1]).\(Base64URL.encode(bytes))"
      #expect(try outcome(token, [vector.key], [.rs256]) == "token_signature_wrong")
    }
  }

  @Test func `bytes go through Base64 and back`() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
      let text = Base64URL.encode(bytes)
      #expect(Base64URL.decode(text.utf8Span.span) == bytes)
    }
  }
}
