// Hostile bytes: flipped, cut, doubled and random input ends in an error or in waiting, never in a
// trap.

import Bytes
import OpenSSL
import Testing

@testable import TLS

struct MutationTests {
  /// A small generator whose sequence its seed gives.
  private struct Sequence: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout Sequence) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes.removeSubrange(place...)
    case 2: bytes.insert(contentsOf: bytes[place...].prefix(40), at: place)
    case 3: bytes[place] = UInt8.random(in: 0...255, using: &random)
    default:
      bytes.insert(
        contentsOf: (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }, at: place)
    }
  }

  /// Gives a side its bytes and uses whatever they lead to. Errors are expected.
  private func use(_ wire: Wire, _ end: Wire.End) {
    let plain = Buffer(capacity: 4096)
    do {
      repeat {
        if end.isOpen {
          plain.clear()
          _ = try end.session.read(into: plain)
        } else if try end.session.handshake() == .done {
          end.isOpen = true
        }
        if end.isOpen && end.error == nil { end.session.restoreUnsent() }
        wire.carry(from: end, to: wire.other(end))
      } while wire.deliver(to: end)
    } catch {
      end.error = error
      wire.carry(from: end, to: wire.other(end))
    }
    #expect(end.scratch.received.isEmpty)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `mutated flights end in an error or in waiting`(version: TLSVersion) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("mutation seed: \(seed)")
    var random = Sequence(state: seed)
    let scene = try Scene()
    let pair = try scene.authority.pair([.dns("device")], purpose: .client)
    let server = try scene.server(
      .plain(
        protocols: [.http1], clientCertificates: .optional(try scene.authority.bundle())))
    var failures = 0
    for _ in 0..<400 {
      let client = try scene.client(protocols: [.http1], certificate: pair)
      try client.limit(to: version)
      let wire = try Wire(client: client, server: server)
      let turnOfMutation = Int.random(in: 0..<6, using: &random)
      for turn in 0..<6 {
        let end = turn.isMultiple(of: 2) ? wire.client : wire.server
        if turn == turnOfMutation { mutate(&end.inbox, &random) }
        guard end.error == nil else { break }
        use(wire, end)
      }
      if wire.client.error != nil || wire.server.error != nil { failures += 1 }
      #expect(ErrorQueue.isEmpty)
    }
    #expect(failures > 50)
  }

  @Test func `random bytes never open a session`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("random bytes seed: \(seed)")
    var random = Sequence(state: seed)
    let scene = try Scene()
    let server = try scene.server()
    let client = try scene.client()
    for _ in 0..<300 {
      let wire = try Wire(client: client, server: server)
      let count = Int.random(in: 1..<500, using: &random)
      let head: [UInt8] = Bool.random(using: &random) ? [22, 3, 1, 0, 60, 1, 0, 0, 56, 3, 3] : []
      wire.server.inbox = head + (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(wire.deliver(to: wire.server))
      use(wire, wire.server)
      #expect(!wire.server.isOpen)
    }
  }

  @Test func `a damaged record of an open session fails once and for all`() throws {
    let scene = try Scene()
    let wire = try scene.connect(scene.client(), scene.server())
    try wire.send([1, 2, 3], from: wire.client)
    try wire.send([4, 5, 6], from: wire.client)
    wire.server.inbox[wire.server.inbox.count - 1] ^= 1
    #expect(wire.deliver(to: wire.server))
    let plain = Buffer(capacity: 100)
    // The good record before it is delivered; the alert waits for the call that throws.
    #expect(try wire.server.session.read(into: plain) == .bytes(3))
    #expect(wire.server.scratch.outgoing.isEmpty)
    for _ in 0..<2 {
      #expect { _ = try wire.server.session.read(into: plain) } throws: {
        ($0 as? TLSError)?.reason == .badRecord
      }
    }
    wire.carry(from: wire.server, to: wire.client)
    #expect { try wire.receive(wire.client) } throws: { ($0 as? TLSError)?.alert == 20 }
  }

  @Test func `empty and fatal alerts before the handshake end it`() throws {
    let scene = try Scene()
    for (record, reason) in [
      ([21, 3, 1, 0, 2, 2, 40] as [UInt8], TLSError.Reason.handshakeFailed),
      ([21, 3, 1, 0, 0], nil), ([21, 3, 1, 0, 1, 2], nil),
    ] as [([UInt8], TLSError.Reason?)] {
      let wire = try Wire(client: scene.client(), server: scene.server())
      wire.server.inbox = record
      use(wire, wire.server)
      _ = wire.deliver(to: wire.server)
      use(wire, wire.server)
      #expect(!wire.server.isOpen)
      if let reason { #expect(wire.server.error?.reason == reason) }
    }
  }
}
