// Tickets: across workers, reloads and rotations, and where they must not work.

import OpenSSL
import Testing

@testable import TLS

struct ResumptionTests {
  /// Connects, lets the client see the ticket, and closes.
  private func isResumed(
    _ scene: Scene, _ client: TLSClientContext, _ server: TLSServerContext
  ) throws -> Bool {
    let wire = try scene.connect(client, server)
    try wire.send(Array("x".utf8), from: wire.server)
    _ = try wire.receive(wire.client)
    let negotiation = try #require(wire.server.session.negotiation)
    #expect(wire.client.session.negotiation?.isResumed == negotiation.isResumed)
    return negotiation.isResumed
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `100 of 100 sessions resume across workers, reloads and rotations`(
    version: TLSVersion
  ) throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.limit(to: version)
    var workers = try (0..<4).map { _ in try scene.server(isOwnWorker: true) }
    #expect(try !isResumed(scene, client, workers[0]))
    var hits = 0
    for round in 0..<100 {
      if round % 10 == 9 {  // a reload makes new contexts for every worker
        workers = try (0..<4).map { _ in try scene.server(isOwnWorker: true) }
      }
      if round % 25 == 24 { scene.clock.advance(TicketKeys.rotationPeriod) }
      if try isResumed(scene, client, workers[round % 4]) { hits += 1 }
    }
    #expect(hits == 100)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a ticket older than its key's time makes a full handshake`(version: TLSVersion) throws {
    let scene = try Scene()
    let client = try scene.client()
    try client.limit(to: version)
    let server = try scene.server()
    #expect(try !isResumed(scene, client, server))
    scene.clock.advance(TicketKeys.rotationPeriod + TLSLimits.ticketLifetime)
    #expect(try !isResumed(scene, client, server))
    #expect(try isResumed(scene, client, server))
  }

  @Test func `a key rotated by hand still opens its tickets, a third one pushes it out`() throws {
    let scene = try Scene()
    let server = try scene.server()
    for (rotations, isExpected) in [(1, true), (2, true), (3, false)] {
      let client = try scene.client()
      #expect(try !isResumed(scene, client, server))
      for _ in 0..<rotations { try scene.ticketKeys.rotate(library: scene.authority.library) }
      #expect(try isResumed(scene, client, server) == isExpected)
    }
  }

  @Test func `after all keys are revoked nothing from before resumes`() throws {
    let scene = try Scene()
    let client = try scene.client()
    let server = try scene.server()
    #expect(try !isResumed(scene, client, server))
    try scene.ticketKeys.revokeAll(library: scene.authority.library)
    #expect(try !isResumed(scene, client, server))
    #expect(try isResumed(scene, client, server))
  }

  @Test func `a session does not resume on another listener or under other client authorities`()
    throws
  {
    let scene = try Scene()
    let bundles = try [scene.authority.bundle(), try TestAuthority("other").bundle()]
    let settings: [TLSServerSettings] = [
      .plain(), .plain(listener: "admin"), .plain(clientCertificates: .optional(bundles[0])),
      .plain(clientCertificates: .optional(bundles[1])),
    ]
    for (place, first) in settings.enumerated() {
      for (otherPlace, second) in settings.enumerated() {
        let client = try scene.client()
        #expect(try !isResumed(scene, client, try scene.server(first)))
        let other = try scene.connect(client, try scene.server(second))
        // OpenSSL refuses a ticket whose context differs where client certificates are asked for,
        // and makes a full handshake elsewhere.
        let isHit = other.server.session.negotiation?.isResumed ?? false
        #expect(isHit == (place == otherPlace))
      }
    }
  }

  @Test func `where a client certificate is required no session is resumed`() throws {
    let scene = try Scene()
    let pair = try scene.authority.pair([.dns("device")], purpose: .client)
    let server = try scene.server(
      .plain(clientCertificates: .required(try scene.authority.bundle())))
    for version in [TLSVersion.tls12, .tls13] {
      let client = try scene.client(certificate: pair)
      try client.limit(to: version)
      for _ in 0..<3 { #expect(try !isResumed(scene, client, server)) }
    }
  }

  @Test func `a resumed session still knows the client's certificate`() throws {
    let scene = try Scene()
    let pair = try scene.authority.pair([.dns("device")], purpose: .client)
    let server = try scene.server(
      .plain(clientCertificates: .optional(try scene.authority.bundle())))
    let client = try scene.client(certificate: pair)
    #expect(try !isResumed(scene, client, server))
    let wire = try scene.connect(client, server)
    #expect(wire.server.session.negotiation?.isResumed == true)
    #expect(try wire.server.session.peerCertificate() == pair.chain[0])
  }

  @Test func `the ticket leaves in the same send as the first answer`() throws {
    let scene = try Scene()
    let wire = try Wire(client: scene.client(), server: scene.server())
    #expect(try wire.client.session.handshake() == .wantsRead)
    wire.carry(from: wire.client, to: wire.server)
    #expect(wire.deliver(to: wire.server))
    #expect(try wire.server.session.handshake() == .wantsRead)
    wire.carry(from: wire.server, to: wire.client)
    #expect(wire.deliver(to: wire.client))
    #expect(try wire.client.session.handshake() == .done)
    #expect(wire.client.session.hasUnsent && wire.client.scratch.outgoing.isEmpty)
    // The client's last flight leaves with its request, in one send.
    try wire.send(Array("request".utf8), from: wire.client)
    #expect(wire.deliver(to: wire.server))
    #expect(try wire.server.session.handshake() == .done)
    #expect(wire.server.session.hasUnsent && wire.server.scratch.outgoing.isEmpty)
    #expect(try wire.receive(wire.server) == Array("request".utf8))
    try wire.send(Array("answer".utf8), from: wire.server)
    #expect(wire.server.sendCount == 2 && wire.client.sendCount == 2)
    #expect(!wire.server.session.hasUnsent)
    #expect(try wire.receive(wire.client) == Array("answer".utf8))
  }
}
