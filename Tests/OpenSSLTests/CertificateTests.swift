// Certificates and keys: made, written, read again, and refused when they are not what they should
// be.

import OpenSSL
import Testing

struct CertificateTests {
  private let library: LibraryContext

  init() throws { library = try LibraryContext() }

  private func leaf(_ names: [CertificateBlueprint.Name], _ key: PrivateKey) throws -> Certificate {
    try CertificateBlueprint(
      commonName: "leaf", purpose: .server, names: names, notBefore: 1_700_000_000,
      notAfter: 1_800_000_000
    ).issue(for: key, by: nil, library: library)
  }

  @Test(arguments: [KeyKind.ecdsa, .rsa])
  func `a key survives PEM and DER and still matches its certificate`(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind, library: library)
    let certificate = try leaf([.dns("a.test")], key)
    let text = try key.pem()
    let other = try LibraryContext()
    let fromText = try PrivateKey.read(pem: text.span, library: other)
    let fromBytes = try PrivateKey.read(try key.bytes(), library: other)
    #expect(fromText.kind == kind && fromBytes.kind == kind)
    #expect(certificate.matches(fromText) && certificate.matches(fromBytes))
    #expect(certificate.keyKind == kind)
    #expect(!certificate.matches(try PrivateKey.generate(kind, library: library)))
    #expect(ErrorQueue.isEmpty)
  }

  @Test func `names and dates are read back as they were given`() throws {
    let key = try PrivateKey.generate(.ecdsa, library: library)
    let certificate = try leaf(
      [.dns("*.example.com"), .address("192.0.2.1"), .address("::1"), .uri("spiffe://a/b")], key)
    #expect(
      try certificate.names == [
        .dns("*.example.com"), .address([192, 0, 2, 1]),
        .address([UInt8](repeating: 0, count: 15) + [1]), .uri("spiffe://a/b"),
      ])
    #expect(try certificate.notBefore == 1_700_000_000)
    #expect(try certificate.notAfter == 1_800_000_000)
  }

  @Test(arguments: ["a,DNS:b", "", "a b", "a\u{0}b", "a;b"])
  func `a name that would be read as another one is refused`(name: String) throws {
    let key = try PrivateKey.generate(.ecdsa, library: library)
    #expect(throws: CryptoError(.nameUnreadable)) { try leaf([.dns(name)], key) }
  }

  @Test func `a chain is read in its order, and a half-read one is refused`() throws {
    let key = try PrivateKey.generate(.ecdsa, library: library)
    let first = try leaf([.dns("first.test")], key).pem()
    let second = try leaf([.dns("second.test")], key).pem()
    let both = first + second
    let chain = try PEM.certificates(in: both.span, max: 2, library: library)
    #expect(try chain.map { try $0.names } == [[.dns("first.test")], [.dns("second.test")]])
    #expect(throws: CryptoError(.certificateTooLarge)) {
      _ = try PEM.certificates(in: both.span, max: 1, library: library)
    }
    let cut = Array(both.dropLast(60))
    #expect { _ = try PEM.certificates(in: cut.span, max: 2, library: library) } throws: {
      ($0 as? CryptoError)?.reason == .certificateUnreadable
    }
    #expect(ErrorQueue.isEmpty)
  }

  @Test(arguments: ["", "no PEM here", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
  func `text without a certificate is refused`(text: String) throws {
    let bytes = Array(text.utf8)
    #expect(throws: CryptoError.self) {
      _ = try PEM.certificates(in: bytes.span, max: 2, library: library)
    }
    #expect(ErrorQueue.isEmpty)
  }

  @Test func `a key of secrets prints as nothing`() throws {
    let bytes = try PrivateKey.generate(.ecdsa, library: library).bytes()
    #expect("\(bytes)" == "<key>")
    #expect(String(reflecting: bytes) == "<key>")
    #expect(bytes.count > 32)
  }

  @Test func `DER with a byte behind it is refused`() throws {
    let key = try PrivateKey.generate(.ecdsa, library: library)
    let der = try leaf([], key).der
    _ = try Certificate(der: der, library: library)
    #expect(throws: CryptoError.self) { try Certificate(der: der + [0], library: library) }
    #expect(throws: CryptoError.self) { try Certificate(der: [], library: library) }
  }
}
