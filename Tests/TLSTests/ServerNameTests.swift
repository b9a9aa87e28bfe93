// Which certificate a server name gets.

import OpenSSL
import Testing

@testable import TLS

struct ServerNameTests {
  @Test(arguments: [
    ("a.test", 1), ("A.Test", 1), ("a.test.", 1), ("b.test", nil), ("x.b.test", 2),
    ("x.y.B.test", 2), ("z.x.b.test", 2), ("deep.b.test", 3), ("very.deep.b.test", 4),
    (".b.test", nil), ("", nil), (".", nil), ("test", nil), ("xb.test", nil),
  ])
  func `an exact name beats a wildcard, and a longer wildcard a shorter one`(
    name: String, place: Int?
  ) {
    var names = ServerNames()
    #expect(names.insert("A.test", place: 1) == nil)
    #expect(names.insert("*.b.test.", place: 2) == nil)
    #expect(names.insert("deep.b.test", place: 3) == nil)
    #expect(names.insert("*.deep.b.test", place: 4) == nil)
    #expect(names.place(for: name) == place)
  }

  @Test func `a name given twice reports its earlier place`() {
    var names = ServerNames()
    _ = names.insert("a.test", place: 1)
    #expect(names.insert("A.TEST", place: 2) == 1)
  }

  @Test(arguments: [
    ("first.test", "first.test"), ("second.test", "second.test"), ("SECOND.test", "second.test"),
    ("a.wild.test", "*.wild.test"), ("a.b.wild.test", "*.wild.test"), ("none.test", "first.test"),
  ])
  func `a handshake gets the certificate of its name, else the first one`(
    asked: String, got: String
  ) throws {
    let scene = try Scene(["first.test", "second.test", "*.wild.test"])
    let wire = try scene.connect(scene.client(asked, isVerifying: false), scene.server())
    let der = try #require(try wire.client.session.peerCertificate())
    let leaf = try Certificate(der: der, library: scene.authority.library)
    #expect(try leaf.names == [.dns(got)])
    #expect(wire.server.session.negotiation?.serverName == asked.lowercased())
  }

  @Test(arguments: ["none.test", "192.0.2.1"])
  func `an unknown or absent name is refused on demand`(asked: String) throws {
    let scene = try Scene(["first.test"])
    let server = try scene.server(.plain(unknownName: .refuse))
    let wire = try scene.connect(scene.client(asked, isVerifying: false), server)
    #expect(wire.server.error?.reason == .unknownServerName)
    #expect(wire.client.error?.alert == (asked == "none.test" ? 112 : 109))
    #expect(try scene.connect(scene.client("first.test"), server).server.isOpen)
  }

  @Test func `without a certificate there is no context`() throws {
    let scene = try Scene([])
    #expect(throws: TLSSetupError(.noCertificate)) { try scene.server() }
  }
}
