// Application data: large bodies, small room, short sends, endings.

import Bytes
import OpenSSL
import Testing

@testable import TLS

struct TransferTests {
  private func openWire(pieceBytes: Int = 16 * 1024) throws -> Wire {
    let scene = try Scene()
    let wire = try scene.connect(scene.client(), scene.server(), pieceBytes: pieceBytes)
    try #require(wire.client.isOpen && wire.server.isOpen)
    #expect(try wire.receive(wire.client) == [])  // the ticket
    return wire
  }

  private func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
  }

  @Test(arguments: [1, 16_383, 16_384, 16_385, 65_536, 65_537, 300_000])
  func `a body of any size arrives whole`(count: Int) throws {
    let wire = try openWire()
    let body = pattern(count)
    try wire.send(body, from: wire.server)
    #expect(try wire.receive(wire.client) == body)
    #expect(wire.server.scratch.outgoing.isEmpty)
  }

  @Test func `64 KiB are encrypted for one send`() throws {
    let wire = try openWire()
    let body = pattern(65_536)
    #expect(try wire.server.session.write(body.span) == 65_536)
    #expect(wire.server.scratch.outgoing.count < 65_536 + 4 * TLSLimits.recordOverhead)
  }

  @Test(arguments: [1, 100, 16_384])
  func `a reader with little room loses nothing`(roomBytes: Int) throws {
    let wire = try openWire(pieceBytes: 20_000)
    let body = pattern(50_000)
    try wire.send(body, from: wire.client)
    #expect(try wire.receive(wire.server, roomBytes: roomBytes) == body)
    #expect(!wire.server.session.hasBufferedInput)
  }

  @Test func `sessions that share a scratch do not see each other's bytes`() throws {
    let scene = try Scene()
    let server = try scene.server()
    let client = try scene.client()
    let scratch = TLSScratch.test()
    let wires = try (0..<3).map { _ in
      try Wire(client: client, server: server, pieceBytes: 11, serverScratch: scratch)
    }
    for wire in wires { wire.shake() }
    for (number, wire) in wires.enumerated() {
      try wire.send([UInt8(number), 9, 9], from: wire.client)
    }
    // Each server reads a piece in turn, so that records stay half-read while others use the
    // scratch.
    var got = [[UInt8]](repeating: [], count: 3)
    let plain = Buffer(capacity: 100)
    while wires.contains(where: { !$0.server.inbox.isEmpty }) {
      for (number, wire) in wires.enumerated() where wire.deliver(to: wire.server) {
        _ = try wire.server.session.read(into: plain)
        got[number] += plain.bytes.array
        plain.clear()
        #expect(scratch.received.isEmpty)
      }
    }
    #expect(got == [[0, 9, 9], [1, 9, 9], [2, 9, 9]])
  }

  @Test func `what one session left in the scratch never leaves on another`() throws {
    let scene = try Scene()
    let server = try scene.server()
    let client = try scene.client()
    let scratch = TLSScratch.test()
    let first = try Wire(client: client, server: server, serverScratch: scratch)
    first.shake()
    let second = try Wire(client: client, server: server, serverScratch: scratch)
    second.shake()
    _ = try first.receive(first.client)
    _ = try second.receive(second.client)
    let body: [UInt8] = [1, 2, 3]
    #expect(try first.server.session.write(body.span) == 3)
    // Nobody sent it, and the other session is next.
    try second.send([4, 5], from: second.server)
    #expect(try second.receive(second.client) == [4, 5])
    #expect(first.server.session.hasUnsent)
    first.server.session.restoreUnsent()
    first.carry(from: first.server, to: first.client)
    #expect(try first.receive(first.client) == body)
  }

  @Test func `what a session that ends left in the scratch is gone`() throws {
    let scene = try Scene()
    let scratch = TLSScratch.test()
    var wire: Wire? = try Wire(
      client: scene.client(), server: scene.server(), serverScratch: scratch)
    wire?.shake()
    let body: [UInt8] = [1, 2, 3]
    _ = try wire?.server.session.write(body.span)
    #expect(!scratch.outgoing.isEmpty)
    wire = nil
    #expect(scratch.outgoing.isEmpty)
  }

  @Test func `what a short send left goes out first later`() throws {
    let wire = try openWire()
    let first = pattern(1000)
    _ = try wire.server.session.write(first.span)
    let outgoing = wire.server.scratch.outgoing
    let cut = outgoing.bytes
    wire.client.inbox += Array(cut.array.prefix(100))
    outgoing.consume(100)
    wire.server.session.keepUnsent()
    #expect(outgoing.isEmpty && wire.server.session.hasUnsent)
    try wire.send([1, 2, 3], from: wire.server)
    #expect(try wire.receive(wire.client) == first + [1, 2, 3])
  }

  @Test(arguments: [1, 16 * 1024])
  func `close_notify is a clean end behind the data before it`(pieceBytes: Int) throws {
    let wire = try openWire(pieceBytes: pieceBytes)
    try wire.send([1, 2, 3], from: wire.client)
    wire.client.session.closeNotify()
    wire.carry(from: wire.client, to: wire.server)
    #expect(try wire.receive(wire.server) == [1, 2, 3])
    let plain = Buffer(capacity: 10)
    #expect(try wire.server.session.read(into: plain) == .closed)
    try wire.server.session.inputEnded()
    // The other direction is still open.
    try wire.send([4], from: wire.server)
    #expect(try wire.receive(wire.client) == [4])
  }

  @Test func `an end without close_notify is a truncation`() throws {
    let wire = try openWire()
    try wire.send([1, 2, 3], from: wire.client)
    #expect(try wire.receive(wire.server) == [1, 2, 3])
    #expect(throws: TLSError(.truncated)) { try wire.server.session.inputEnded() }
    let plain = Buffer(capacity: 10)
    #expect(throws: TLSError(.truncated)) { try wire.server.session.read(into: plain) }
    #expect(throws: TLSError(.truncated)) {
      let byte: [UInt8] = [1]
      _ = try wire.server.session.write(byte.span)
    }
  }

  @Test func `an end within the handshake says that the peer closed`() throws {
    let scene = try Scene()
    let wire = try Wire(client: scene.client(), server: scene.server())
    _ = try wire.server.session.handshake()
    #expect(throws: TLSError(.peerClosed)) { try wire.server.session.inputEnded() }
    #expect(throws: TLSError(.peerClosed)) { _ = try wire.server.session.handshake() }
  }

  @Test func `a key update is answered with the next write`() throws {
    let wire = try openWire()
    for _ in 0..<3 {
      wire.client.session.askForKeyUpdate()
      try wire.send([1], from: wire.client)
      #expect(try wire.receive(wire.server) == [1])
      #expect(wire.server.scratch.outgoing.isEmpty)
      try wire.send([2], from: wire.server)
      // A record of 27 bytes says that the keys change, one of 23 carries the byte.
      #expect(wire.client.inbox.count == 50)
      #expect(try wire.receive(wire.client) == [2])
    }
  }

  @Test func `plain HTTP on a TLS port is told apart from noise`() throws {
    let scene = try Scene()
    for (text, reason) in [
      ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", TLSError.Reason.plainHTTP),
      ("\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}", .notTLS),
    ] {
      let wire = try Wire(client: scene.client(), server: scene.server())
      wire.server.inbox = Array(text.utf8)
      #expect(wire.deliver(to: wire.server))
      #expect { _ = try wire.server.session.handshake() } throws: {
        ($0 as? TLSError)?.reason == reason
      }
    }
  }
}
