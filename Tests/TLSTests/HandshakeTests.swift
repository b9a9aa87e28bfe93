// Versions, ciphers, names, certificates and protocols that a handshake agrees on.

import OpenSSL
import Testing

@testable import TLS

struct HandshakeTests {
  @Test(arguments: [1, 7, 16 * 1024])
  func `a handshake and data pass however the bytes are cut`(pieceBytes: Int) throws {
    let scene = try Scene()
    let wire = try scene.connect(scene.client(), scene.server(), pieceBytes: pieceBytes)
    #expect(wire.client.error == nil && wire.server.error == nil)
    try wire.send(Array("GET / HTTP/1.1".utf8), from: wire.client)
    #expect(try wire.receive(wire.server) == Array("GET / HTTP/1.1".utf8))
    try wire.send(Array("HTTP/1.1 200".utf8), from: wire.server)
    #expect(try wire.receive(wire.client) == Array("HTTP/1.1 200".utf8))
  }

  @Test func `without limits on the client TLS 1.3 with AES is agreed on`() throws {
    let scene = try Scene()
    let wire = try scene.connect(scene.client(), scene.server())
    let negotiation = try #require(wire.server.session.negotiation)
    #expect(negotiation.version == .tls13)
    #expect(negotiation.cipher == .aes128)
    #expect(negotiation.serverName == "example.com")
    #expect(negotiation.applicationProtocol == nil)
    #expect(!negotiation.isResumed)
    #expect(wire.client.session.negotiation?.version == .tls13)
  }

  @Test(arguments: [1, 16 * 1024])
  func `a TLS 1_2 client is served with forward secrecy`(pieceBytes: Int) throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.limit(to: .tls12)
    let wire = try scene.connect(client, scene.server(), pieceBytes: pieceBytes)
    let negotiation = try #require(wire.server.session.negotiation)
    #expect(negotiation.version == .tls12)
    #expect(negotiation.cipher == .ecdheECDSAWithAES128)
    try wire.send([1, 2, 3], from: wire.client)
    #expect(try wire.receive(wire.server) == [1, 2, 3])
  }

  @Test(arguments: [
    ("TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", TLSCipher.aes128),
    ("TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256", .chaCha20),
    ("TLS_AES_256_GCM_SHA384", .aes256),
  ])
  func `the cheaper AES is taken, and ChaCha20 where the client puts it first`(
    offer: String, taken: TLSCipher
  ) throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.offer(ciphersTLS13: offer)
    let wire = try scene.connect(client, scene.server())
    #expect(wire.server.session.negotiation?.cipher == taken)
  }

  @Test func `a listener with minimum 1_3 refuses a TLS 1_2 client`() throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.limit(to: .tls12)
    let wire = try scene.connect(client, scene.server(.plain(minimumVersion: .tls13)))
    #expect(wire.server.error?.reason == .protocolVersion)
    #expect(wire.client.error?.reason == .protocolVersion)
    #expect(wire.client.error?.alert == 70)
  }

  @Test func `a client without a modern cipher is refused`() throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.limit(to: .tls12)
    try client.offer(ciphers: "AES128-SHA:ECDHE-ECDSA-AES128-SHA:DHE-RSA-AES128-GCM-SHA256")
    let wire = try scene.connect(client, scene.server())
    #expect(wire.server.error?.reason == .noSharedCipher)
    #expect(wire.client.error?.reason == .handshakeFailed)
    #expect(wire.client.error?.alert == 40)
  }

  @Test func `a client without a shared group is refused`() throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.offer(groups: "P-521")
    let wire = try scene.connect(client, scene.server(.plain(minimumVersion: .tls13)))
    #expect(wire.server.error?.reason == .noSharedGroup)
  }

  @Test(arguments: [
    ("X25519", true), ("P-256", true), ("P-384", true), ("X448", false), ("ffdhe2048", false),
  ])
  func `only the profile's groups are accepted`(group: String, isAccepted: Bool) throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.offer(groups: group)
    let wire = try scene.connect(client, scene.server())
    #expect(wire.server.isOpen == isAccepted)
  }

  @Test func `the RSA or ECDSA certificate is chosen by the client's signature algorithms`() throws
  {
    let scene = try Scene(["example.com"])
    scene.certificates.append(try scene.authority.served("example.com", kind: .rsa))
    let server = try scene.server()
    for (signatures, kind) in [("ECDSA+SHA256", KeyKind.ecdsa), ("RSA-PSS+SHA256", .rsa)] {
      let client = try scene.client(isVerifying: false)
      try client.offer(signatures: signatures)
      let wire = try scene.connect(client, server)
      let der = try #require(try wire.client.session.peerCertificate())
      let leaf = try Certificate(der: der, library: scene.authority.library)
      #expect(leaf.keyKind == kind)
    }
  }

  @Test func `a client whose signature algorithms fit no certificate is refused`() throws {
    let scene = try Scene()
    let client = try scene.client(isVerifying: false)
    try client.offer(signatures: "RSA-PSS+SHA256")
    let wire = try scene.connect(client, scene.server())
    #expect(wire.server.error?.reason == .noSharedSignature)
  }

  @Test func `two certificates of one kind for one name are refused`() throws {
    let scene = try Scene(["example.com", "EXAMPLE.com."])
    #expect(throws: TLSSetupError(.duplicateCertificate)) { try scene.server() }
  }

  @Test(arguments: [
    (
      [ApplicationProtocol.http2, .http1], [ApplicationProtocol.http1, .http2],
      ApplicationProtocol.http2
    ),
    ([.http1, .http2], [.http2, .http1], .http1),
    ([.http2, .http1], [.http1], .http1),
    ([.http2, .http1], [], nil),
    ([], [.http2], nil),
  ])
  func `ALPN takes the server's first protocol that the client has`(
    server: [ApplicationProtocol], client: [ApplicationProtocol], chosen: ApplicationProtocol?
  ) throws {
    let scene = try Scene()
    let wire = try scene.connect(
      scene.client(protocols: client), scene.server(.plain(protocols: server)))
    #expect(wire.server.session.negotiation?.applicationProtocol == chosen)
    #expect(wire.client.session.negotiation?.applicationProtocol == chosen)
  }

  @Test func `ALPN without a shared protocol ends the handshake`() throws {
    let scene = try Scene()
    let wire = try scene.connect(
      scene.client(protocols: [.http2]), scene.server(.plain(protocols: [.http1])))
    #expect(wire.server.error?.reason == .noApplicationProtocol)
    #expect(wire.client.error?.reason == .noApplicationProtocol)
  }

  @Test func `no early data is ever announced and no compression used`() throws {
    let scene = try Scene()
    let wire = try scene.connect(scene.client(), scene.server())
    _ = try wire.receive(wire.client)
    #expect(wire.client.session.mayCompressOrSendEarly == false)
  }

  @Test func `renegotiation by a TLS 1_2 client is not done`() throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.limit(to: .tls12)
    client.allowRenegotiation()
    let wire = try scene.connect(client, scene.server())
    wire.client.session.askForRenegotiation()
    wire.carry(from: wire.client, to: wire.server)
    _ = try? wire.receive(wire.server)
    try wire.send([7], from: wire.server)
    #expect(throws: TLSError.self) { try wire.receive(wire.client) }
  }

  @Test func `no error is left in OpenSSL's queue`() throws {
    let scene = try Scene()
    let wire = try scene.connect(scene.client("other.test"), scene.server())
    #expect(wire.client.error != nil)
    #expect(ErrorQueue.isEmpty)
  }
}
