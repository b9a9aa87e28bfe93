// What an identity asks of a certificate's names: matched whole, never by a part.

import Configuration
import OpenSSL
import Testing

@testable import Policies

@Suite struct CertificateRulesTests {
  @Test(arguments: [
    ("spiffe://example.com/device/*", "spiffe://example.com/device/pump", true),
    ("spiffe://example.com/device/*", "spiffe://example.com/device/pump/1", false),
    ("spiffe://example.com/device/*", "spiffe://example.com/device/", false),
    ("spiffe://example.com/device/*", "spiffe://example.com/device", false),
    ("spiffe://example.com/device/*", "spiffe://example.com.evil/device/pump", false),
    ("spiffe://example.com/device/*", "spiffe://evil/example.com/device/pump", false),
    ("spiffe://example.com/device/*", "spiffe://EXAMPLE.com/device/pump", false),
    ("spiffe://example.com/*/pump", "spiffe://example.com/device/pump", true),
    ("spiffe://example.com/*/pump", "spiffe://example.com/device/pumps", false),
    ("spiffe://example.com/**", "spiffe://example.com/device/pump", true),
    ("spiffe://example.com/**", "spiffe://example.com/device", true),
    ("spiffe://example.com/**", "spiffe://example.com/", false),
    ("spiffe://example.com/**", "spiffe://example.com", false),
    ("spiffe://example.com/a", "spiffe://example.com/a", true),
    ("spiffe://example.com/a", "spiffe://example.com/a%2fb", false),
  ])
  func `a URI is matched segment by segment`(pattern: String, name: String, fits: Bool) throws {
    #expect(try CertificateNamePattern(parsing: pattern).matches(.uri(name)) == fits)
    #expect(try !CertificateNamePattern(parsing: pattern).matches(.dns(name)))
  }

  @Test(arguments: [
    ("a.example.com", "A.Example.com", true), ("a.example.com", "b.a.example.com", false),
    ("*.example.com", "a.example.com", true), ("*.example.com", "b.a.example.com", true),
    ("*.example.com", "example.com", false), ("*.example.com", "evilexample.com", false),
    ("*.example.com", ".example.com", false), ("*.example.com", "*.example.com", false),
  ])
  func `a host is matched label by label`(pattern: String, name: String, fits: Bool) throws {
    #expect(try CertificateNamePattern(parsing: pattern).matches(.dns(name)) == fits)
    #expect(try !CertificateNamePattern(parsing: pattern).matches(.uri(name)))
  }

  @Test func `an address is matched by its bytes`() throws {
    let v4 = try CertificateNamePattern(parsing: "10.0.0.1")
    #expect(v4.matches(.address([10, 0, 0, 1])) && !v4.matches(.address([10, 0, 0, 2])))
    #expect(!v4.matches(.dns("10.0.0.1")))
    let v6 = try CertificateNamePattern(parsing: "2001:db8::1")
    let bytes: [UInt8] = [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]
    #expect(v6.matches(.address(bytes)))
  }

  @Test(arguments: [
    "", "*", "**", "spiffe://", "spiffe:///a", "spiffe://*/a", "spiffe://example.com/a*",
    "spiffe://example.com/**/a", "spiffe://exa*mple.com/a", "a..example.com", "*.*.example.com",
    "a.*.com", "a example.com", "://a/b", ".example.com", "example.com.",
  ])
  func `a pattern that could mean more than it says is refused`(pattern: String) {
    #expect(throws: ValueProblem.self) { try CertificateNamePattern(parsing: pattern) }
  }

  @Test(arguments: [
    ("CN=ops,O=Example", "CN=ops,O=Example", true), ("CN=ops", "CN=ops,O=Example", false),
    ("CN=ops,O=Example", "CN=ops", false), ("CN=*,O=Example", "CN=ops,O=Example", true),
    ("CN=*,O=Example", "CN=,O=Example", false), ("CN=*,O=Example", "OU=ops,O=Example", false),
    ("CN=*,O=Example", "CN=a\\,O=Example", false), ("CN=*", "CN=a\\,O=Example", true),
    ("CN=*,O=Example", "CN=a\\,b,O=Example", true), ("CN=ops", "CN=OPS", false),
  ])
  func `a subject is matched part by part`(pattern: String, subject: String, fits: Bool) throws {
    #expect(try SubjectPattern(parsing: pattern).matches(subject) == fits)
  }

  @Test(arguments: ["", "ops", "CN=", "CN=o*", "CN=ops,", "=ops", "CN=ops,*", "CN=ö"])
  func `a subject that is none is refused`(pattern: String) {
    #expect(throws: ValueProblem.self) { try SubjectPattern(parsing: pattern) }
  }

  @Test func `a fingerprint has 64 digits`() throws {
    let digits = String(repeating: "0a", count: 32)
    let colons = Array(repeating: "0A", count: 32).joined(separator: ":")
    #expect(try CertificateFingerprint(parsing: digits).description == digits)
    #expect(try CertificateFingerprint(parsing: colons).description == digits)
    for wrong in [
      "", String(digits.dropLast()), digits + "a", digits.dropLast() + "g", ":" + digits,
    ] {
      #expect(throws: ValueProblem.self) { try CertificateFingerprint(parsing: String(wrong)) }
    }
  }
}
