// The certificate of a connection, judged: which are whose, which are nobody's, and how long a
// finding holds.

import Configuration
import OpenSSL
import PolicyChain
import Testing

@testable import Policies

/// An authority of one test, with certificates that it issues.
private struct Authority {
  let library: LibraryContext
  let certificate: Certificate
  let key: PrivateKey

  init(_ name: String = "devices") throws {
    library = try LibraryContext()
    key = try PrivateKey.generate(.ecdsa, library: library)
    certificate = try CertificateBlueprint(
      commonName: name, purpose: .authority, names: [], notBefore: 1_700_000_000,
      notAfter: 4_000_000_000
    ).issue(for: key, by: nil, library: library)
  }

  var material: MTLSMaterial {
    get throws {
      try MTLSMaterial([CredentialFile(path: "ca.pem", bytes: try certificate.pem())])
    }
  }

  func client(
    _ names: [CertificateBlueprint.Name] = [.uri("spiffe://example.com/device/pump")],
    purpose: CertificateBlueprint.Purpose = .client, until end: Int = 4_000_000_000
  ) throws -> ClientCertificate {
    let blueprint = CertificateBlueprint(
      commonName: "pump", purpose: purpose, names: names, notBefore: 1_700_000_000, notAfter: end)
    let leaf = try blueprint.issue(
      for: try PrivateKey.generate(.ecdsa, library: library), by: (certificate, key),
      library: library)
    return ClientCertificate(leaf: try leaf.der, chain: [])
  }
}

@Suite struct MTLSVerifierTests {
  private func verifier(
    _ authority: Authority, _ settings: MTLSIdentity.Settings = MTLSIdentity.Settings()
  ) throws -> MTLSVerifier {
    try MTLSVerifier(
      settings, try authority.material,
      VerifierContext(
        label: IdentityLabel(name: "device", metric: 1), library: try LibraryContext(),
        desk: nil))
  }

  private func exchange(_ certificate: ClientCertificate?) throws -> TestExchange {
    let test = try TestExchange()
    test.exchange.connection?.certificate = certificate
    return test
  }

  private func word(_ proof: Proof) -> String {
    switch proof {
    case .absent: "absent"
    case .foreign: "foreign"
    case .proved(let principal): String(decoding: principal.subject, as: UTF8.self)
    case .wrong(let cause), .declined(let cause): cause.token.description
    case .undecided: "undecided"
    case .pending: "pending"
    }
  }

  @Test func `a certificate of the authority proves its name`() throws {
    let authority = try Authority()
    let verifier = try verifier(authority)
    let pump = try exchange(try authority.client())
    #expect(word(verifier.verify(pump.exchange)) == "spiffe://example.com/device/pump")
    let unnamed = try exchange(try authority.client([]))
    #expect(word(verifier.verify(unnamed.exchange)) == "CN=pump")
    #expect(word(verifier.verify(try exchange(nil).exchange)) == "absent")
  }

  @Test func `what is not of the authority, over, or no client's proves nothing`() throws {
    let authority = try Authority()
    let verifier = try verifier(authority)
    let stranger = try exchange(try Authority("partners").client())
    #expect(word(verifier.verify(stranger.exchange)) == "foreign")
    let over = try exchange(try authority.client(until: 1_750_000_000))
    #expect(word(verifier.verify(over.exchange)) == "certificate_expired")
    let server = try exchange(try authority.client(purpose: .server))
    #expect(word(verifier.verify(server.exchange)) == "certificate_unfit")
    let broken = try exchange(ClientCertificate(leaf: [0x30, 0], chain: []))
    #expect(word(verifier.verify(broken.exchange)) == "certificate_unreadable")
  }

  @Test func `an authority is no client of its own`() throws {
    let authority = try Authority()
    let test = try exchange(ClientCertificate(leaf: try authority.certificate.der, chain: []))
    #expect(word(try verifier(authority).verify(test.exchange)) != "CN=devices")
  }

  @Test func `a finding holds for a minute, and not for other authorities`() throws {
    let authority = try Authority()
    let verifier = try verifier(authority)
    let end = Int(TestExchange.time / 1000) + 30
    let certificate = try authority.client(until: end)
    let test = try exchange(certificate)
    let name = "spiffe://example.com/device/pump"
    #expect(word(verifier.verify(test.exchange)) == name)
    test.exchange.wallMilliseconds += 59_999
    #expect(word(verifier.verify(test.exchange)) == name)
    test.exchange.wallMilliseconds += 1
    #expect(word(verifier.verify(test.exchange)) == "certificate_expired")

    let lasting = try exchange(try authority.client())
    #expect(word(verifier.verify(lasting.exchange)) == name)
    verifier.adopt(try Authority("partners").material)
    #expect(word(verifier.verify(lasting.exchange)) == "foreign")
  }

  @Test func `findings of many identities stay few`() throws {
    final class Basis {}
    let certificate = ClientCertificate(leaf: [], chain: [])
    let bases = (0..<20).map { _ in Basis() }
    for basis in bases { certificate.keep(.absent, on: basis, until: 10) }
    #expect(bases.filter { certificate.proof(on: $0, at: 9) != nil }.count == 8)
    #expect(bases.allSatisfy { certificate.proof(on: $0, at: 10) == nil })
  }

  @Test func `the upstream is told in the form of RFC 9440`() throws {
    let authority = try Authority()
    var settings = MTLSIdentity.Settings()
    settings.forwarding = .chain
    settings.claimHeaders = [Named(name: "x-device", value: ["san"])]
    let certificate = ClientCertificate(
      leaf: try authority.client().leaf, chain: [try authority.certificate.der])
    let test = try exchange(certificate)
    guard case .proved(let principal) = try verifier(authority, settings).verify(test.exchange)
    else { throw TestExchange.Incomplete() }
    #expect(principal.addFields(to: test.exchange.request.fields))
    let leaf = try #require(try test.upstream("client-cert").first)
    #expect(leaf.hasPrefix(":MII") && leaf.hasSuffix(":"))
    #expect(try test.upstream("client-cert-chain").count == 1)
    #expect(try test.upstream("x-device") == ["spiffe://example.com/device/pump"])
  }

  @Test(arguments: ["a\r\nX-Admin: 1", "a\0b", "a,CN=admin", "\u{fc}ber"])
  func `no name breaks out of the field that tells it`(name: String) throws {
    let authority = try Authority()
    var settings = MTLSIdentity.Settings()
    settings.claimHeaders = [Named(name: "x-device", value: ["subject"])]
    let key = try PrivateKey.generate(.ecdsa, library: authority.library)
    let leaf = try CertificateBlueprint(
      commonName: name, purpose: .client, names: [], notBefore: 1_700_000_000,
      notAfter: 4_000_000_000
    ).issue(for: key, by: (authority.certificate, authority.key), library: authority.library)
    let test = try exchange(ClientCertificate(leaf: try leaf.der, chain: []))
    guard case .proved(let principal) = try verifier(authority, settings).verify(test.exchange)
    else { throw TestExchange.Incomplete() }
    #expect(principal.addFields(to: test.exchange.request.fields))
    let told = try test.upstream("x-device")
    #expect(told.count == 1 && told[0].utf8.allSatisfy { 32...126 ~= $0 })
    #expect(try test.upstream("x-admin").isEmpty)
    #expect(!told[0].contains("a,CN=admin"))
  }

  @Test(arguments: [
    ("auth any=[device]", "tls certificates=[edge]", true),
    ("auth any=[device]", "", true), ("auth none", "", false),
    (
      "auth any=[device]",
      "tls certificates=[edge] client-ca=\"ca.pem\" client-cert=optional", false
    ),
    ("auth optional=[device] shadow=on", "tls certificates=[edge]", true),
  ])
  func `a listener has to ask for what a route needs`(auth: String, tls: String, isWrong: Bool) {
    let text = """
      sluice 1
      identity device mtls ca="ca.pem"
      certificate edge names=[localhost] cert="e.pem" key="e.key"
      listener edge {
        bind 127.0.0.1:8443
        \(tls)
      }
      route a {
        match path=/
        \(auth)
        respond 200
      }

      """
    let codes = ExampleTests.load(text).diagnostics.filter { $0.severity == .error }
      .map(\.code.description)
    #expect(codes == (isWrong ? ["A0131"] : []))
  }
}
