// Certificates of clients and of upstreams: what is accepted and why the rest is refused.

import OpenSSL
import Testing

@testable import TLS

struct PeerVerificationTests {
  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a required client certificate that is missing ends the handshake`(
    version: TLSVersion
  ) throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.limit(to: version)
    let server = try scene.server(
      .plain(clientCertificates: .required(try scene.authority.bundle())))
    let wire = try scene.connect(client, server)
    #expect(wire.server.error?.reason == .certificateRequired)
  }

  @Test func `an optional client certificate may be missing, and is known when it is there`() throws
  {
    let scene = try Scene()
    let server = try scene.server(
      .plain(clientCertificates: .optional(try scene.authority.bundle())))
    let without = try scene.connect(scene.client(), server)
    #expect(without.server.isOpen)
    #expect(try without.server.session.peerCertificate() == nil)
    let pair = try scene.authority.pair([.uri("spiffe://a/device")], purpose: .client)
    let with = try scene.connect(scene.client(certificate: pair), server)
    #expect(with.server.isOpen)
    #expect(try with.server.session.peerCertificate() == pair.chain[0])
  }

  enum Fault: CaseIterable { case purpose, expired, notYetValid, foreign, selfSigned }

  @Test(arguments: Fault.allCases)
  func `a wrong client certificate is refused, also where none is needed`(fault: Fault) throws {
    let scene = try Scene()
    let other = try TestAuthority("other authority")
    let names: [CertificateBlueprint.Name] = [.dns("device")]
    let (pair, reason): (CertificatePair, TLSError.Reason) =
      switch fault {
      case .purpose: (try scene.authority.pair(names, purpose: .server), .certificatePurpose)
      case .expired:
        (
          try scene.authority.pair(names, purpose: .client, notAfter: TestAuthority.now + 1),
          .certificateExpired
        )
      case .notYetValid:
        (
          try scene.authority.pair(
            names, purpose: .client, notBefore: TestAuthority.forever - 100),
          .certificateNotYetValid
        )
      case .foreign: (try other.pair(names, purpose: .client), .certificateUntrusted)
      case .selfSigned:
        (
          try scene.authority.pair(names, purpose: .client, isSelfSigned: true),
          .certificateUntrusted
        )
      }
    let bundle = try scene.authority.bundle()
    for clients in [
      TLSServerSettings.ClientCertificates.optional(bundle), .required(bundle),
    ] {
      let server = try scene.server(.plain(clientCertificates: clients))
      let wire = try scene.connect(scene.client(certificate: pair), server)
      #expect(wire.server.error?.reason == reason)
    }
  }

  @Test func `a client's chain over the size limit is refused`() throws {
    let scene = try Scene()
    let names = (0..<900).map { CertificateBlueprint.Name.dns("name-\($0).example.com") }
    let pair = try scene.authority.pair(names, purpose: .client)
    let server = try scene.server(
      .plain(clientCertificates: .optional(try scene.authority.bundle())))
    let wire = try scene.connect(scene.client(certificate: pair), server)
    #expect(wire.server.error?.reason == .messageTooLarge)
  }

  @Test(arguments: [
    ("up.test", true), ("UP.test.", true), ("a.wild.test", true), ("a.b.wild.test", false),
    ("other.test", false), ("leaf", false), ("192.0.2.7", true), ("192.0.2.8", false),
    ("2001:db8::1", true), ("part.wild2.test", false),
  ])
  func `an upstream must have the name or address that is asked for`(
    name: String, isAccepted: Bool
  ) throws {
    let scene = try Scene([])
    scene.certificates = [
      ServedCertificate(
        names: ["any"],
        pair: try scene.authority.pair([
          .dns("up.test"), .dns("*.wild.test"), .dns("p*.wild2.test"), .address("192.0.2.7"),
          .address("2001:db8::1"),
        ]))
    ]
    let wire = try scene.connect(scene.client(name), scene.server())
    #expect(wire.client.isOpen == isAccepted)
    if !isAccepted { #expect(wire.client.error?.reason == .certificateNameMismatch) }
  }

  @Test(arguments: Fault.allCases)
  func `a wrong upstream certificate is refused by default`(fault: Fault) throws {
    let scene = try Scene([])
    let other = try TestAuthority("other authority")
    let names: [CertificateBlueprint.Name] = [.dns("example.com")]
    let (pair, reason): (CertificatePair, TLSError.Reason) =
      switch fault {
      case .purpose: (try scene.authority.pair(names, purpose: .client), .certificatePurpose)
      case .expired:
        (try scene.authority.pair(names, notAfter: TestAuthority.now + 1), .certificateExpired)
      case .notYetValid:
        (
          try scene.authority.pair(names, notBefore: TestAuthority.forever - 100),
          .certificateNotYetValid
        )
      case .foreign: (try other.pair(names), .certificateUntrusted)
      case .selfSigned:
        (try scene.authority.pair(names, isSelfSigned: true), .certificateUntrusted)
      }
    scene.certificates = [ServedCertificate(names: [], pair: pair)]
    let wire = try scene.connect(scene.client(), scene.server())
    #expect(wire.client.error?.reason == reason)
    #expect(wire.server.error?.reason == .peerAlert)
    // Only when verification is switched off does it pass.
    #expect(try scene.connect(scene.client(isVerifying: false), scene.server()).client.isOpen)
  }

  @Test func `a bundle that cannot be read or is empty fails closed`() throws {
    let library = try LibraryContext()
    for text in ["", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"] {
      #expect(throws: TLSSetupError.self) {
        try AuthorityBundle(pem: Array(text.utf8), library: library)
      }
    }
    #expect(throws: TLSSetupError.self) {
      try AuthorityBundle(path: "/nonexistent.pem", library: library)
    }
  }

  @Test(arguments: ["", "a b", "a\u{0}b", "é.test"])
  func `a server name that cannot be one is refused at setup`(name: String) throws {
    let scene = try Scene()
    #expect(throws: TLSSetupError(.serverNameInvalid)) { try scene.client(name) }
  }
}
