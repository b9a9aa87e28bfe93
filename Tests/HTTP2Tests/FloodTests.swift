// Each attack of docs/hardening.md's group C ends the session at its limit, and not before.

import Bytes
import HTTP2
import Testing

struct FloodTests {
  struct Attack: CustomTestStringConvertible, Sendable {
    let kind: FloodKind
    /// Rounds that pass.
    let allowed: ClosedRange<Int>
    let round: @Sendable (Int) -> [UInt8]
    var testDescription: String { "\(kind)" }
  }

  private static func id(_ index: Int) -> UInt32 { UInt32(index * 2 + 1) }

  static let attacks: [Attack] = [
    Attack(kind: .rapidReset, allowed: 200...200) {
      RawPeer.request(id($0)) + RawPeer.frame(3, stream: id($0), RawPeer.word(8))
    },
    // A window that grows beyond 31 bits is answered with a reset.
    Attack(kind: .provokedReset, allowed: 200...200) {
      RawPeer.request(id($0)) + RawPeer.frame(8, stream: id($0), RawPeer.word(0x7FFF_FFFF))
    },
    Attack(kind: .settings, allowed: 998...999) { _ in RawPeer.frame(4) },
    Attack(kind: .ping, allowed: 998...999) { _ in
      RawPeer.frame(6, [UInt8](repeating: 0, count: 8))
    },
    Attack(kind: .priority, allowed: 100...100) { _ in
      RawPeer.frame(2, stream: 1, [0, 0, 0, 0, 1])
    },
    Attack(kind: .windowUpdate, allowed: 5...5) { _ in RawPeer.frame(8, RawPeer.word(1)) },
    Attack(kind: .overhead, allowed: 900...940) { _ in
      [UInt8]((0..<1_000).flatMap { _ in RawPeer.frame(0xAA) })
    },
    Attack(kind: .emptyFrame, allowed: 2...2) {
      $0 == 0 ? RawPeer.request(1, ends: false) : RawPeer.frame(0, stream: 1)
    },
    Attack(kind: .continuation, allowed: 0...0) { _ in
      RawPeer.frame(1, stream: 1, [0x82])
        + (0..<9).flatMap { _ in RawPeer.frame(9, stream: 1, [0x87]) }
    },
    // One field of four thousand bytes goes into the table, then comes back by one byte each.
    Attack(kind: .headerBomb, allowed: 0...0) { _ in
      let field: [UInt8] =
        [0x40, 1, 0x61, 0x7F, 0xA1, 0x1E] + [UInt8](repeating: 0x62, count: 4000)
      return RawPeer.frame(
        1, flags: 5, stream: 1, RawPeer.head + field + [UInt8](repeating: 0xBE, count: 200))
    },
    // Cookie crumbs count like any other field: CVE-2026-49975.
    Attack(kind: .headerBomb, allowed: 0...0) { _ in
      RawPeer.frame(
        1, flags: 5, stream: 1,
        RawPeer.head + [0x60, 1, 0x61] + [UInt8](repeating: 0xBE, count: 500))
    },
  ]

  @Test(arguments: attacks)
  func `an attack ends the session at its limit`(_ attack: Attack) throws {
    let peer = try RawPeer()
    let end = peer.flood(atMost: 2_000, attack.round)
    #expect(end.kind == attack.kind)
    #expect(attack.allowed.contains(end.rounds - 1), "\(end.rounds - 1) rounds passed")
  }

  @Test func `frames of one byte each are too little for their headers`() throws {
    var limits = FloodLimits()
    limits.overheadBytesMax = 64 * 1024
    let peer = try RawPeer(HTTP2Settings(), limits)
    try peer.send(RawPeer.request(1, ends: false))
    let dribble = [UInt8](
      (0..<1_000).flatMap { _ in RawPeer.frame(0, stream: 1, [0x61]) })
    var rounds = 0
    #expect(throws: HTTP2Error.flood(.overhead)) {
      while rounds < 10_000 {
        rounds += 1
        // The window is given back, or it would stop the peer first.
        peer.server.now += 1_000_000_000
        try peer.send(dribble)
        if let stream = peer.stream { stream.inbound?.clear(); peer.server.credit(stream) }
      }
    }
    #expect(rounds > 100)
  }

  @Test func `what is slow enough is no flood`() throws {
    let peer = try RawPeer()
    for index in 0..<2_000 {
      peer.server.now = UInt64(index) * 100_000_000
      try peer.send(RawPeer.frame(6, [UInt8](repeating: 0, count: 8)))
      try peer.send(
        RawPeer.request(Self.id(index))
          + RawPeer.frame(3, stream: Self.id(index), RawPeer.word(8)))
    }
    #expect(!peer.server.isNearLimit)
  }

  @Test func `three quarters of the resets are a sign to leave`() throws {
    let peer = try RawPeer()
    let end = peer.flood(atMost: 149) {
      RawPeer.request(Self.id($0)) + RawPeer.frame(3, stream: Self.id($0), RawPeer.word(8))
    }
    #expect(end.kind == nil && !peer.server.isNearLimit)
    try peer.send(RawPeer.request(301) + RawPeer.frame(3, stream: 301, RawPeer.word(8)))
    try peer.send(RawPeer.request(303) + RawPeer.frame(3, stream: 303, RawPeer.word(8)))
    #expect(peer.server.isNearLimit)
  }

  @Test func `a preface of another protocol is refused`() throws {
    let server = try HTTP2Session(
      .server, settings: HTTP2Settings(), limits: FloodLimits(),
      bodies: BufferPool(capacity: 64 * 1024, idleMax: 1))
    let wire = Pair.buffer(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    #expect(throws: HTTP2Error.badPreface) { try Pair.feed(wire, to: server) }
    #expect(throws: HTTP2Error.badPreface) { try Pair.feed(wire, to: server) }
  }

  private static let data = RawPeer.frame(0, stream: 1, [1, 2, 3])

  @Test func `data behind the peer's own reset reach nobody, a head there ends all`() throws {
    let peer = try RawPeer()
    let reset = RawPeer.frame(3, stream: 1, RawPeer.word(8))
    try peer.send(RawPeer.request(1, ends: false) + Self.data + reset + Self.data)
    #expect(peer.server.streamCount == 0)
    #expect(peer.stream?.receivedBytes == 3)
    #expect(throws: HTTP2Error.protocolViolation(.streamClosed)) {
      try peer.send(RawPeer.request(1))
    }
  }

  @Test func `frames that crossed our reset reach nobody`() throws {
    let peer = try RawPeer()
    try peer.send(RawPeer.request(1, ends: false))
    try peer.server.reset(#require(peer.stream), .refusedStream)
    try peer.send([])
    try peer.send(Self.data + Self.data + RawPeer.request(3))
    #expect(peer.stream?.id == 3 && peer.server.streamCount == 1)
  }

  @Test func `bodies of streams beyond the limit are refused with them`() throws {
    var settings = HTTP2Settings()
    settings.concurrentStreamsMax = 1
    let peer = try RawPeer(settings)
    try peer.send(
      RawPeer.request(1, ends: false) + RawPeer.request(3, ends: false)
        + RawPeer.frame(0, stream: 3, [1]) + RawPeer.request(5, ends: false)
        + RawPeer.frame(0, stream: 3, [1]) + RawPeer.frame(0, stream: 5, [1]) + Self.data)
    #expect(peer.stream?.inbound?.count == 3)
  }

  @Test func `a hundred thousand streams leave nothing behind`() throws {
    let peer = try RawPeer()
    for batch in 0..<1_000 {
      peer.server.now += 10_000_000_000
      let first = batch * 100
      try peer.send((first..<first + 100).flatMap { RawPeer.request(Self.id($0)) })
      try peer.send(
        (first..<first + 100).flatMap {
          RawPeer.frame(3, stream: Self.id($0), RawPeer.word(8))
        })
    }
    #expect(peer.server.streamCount == 0 && peer.bodies.lentCount == 0)
  }

  @Test func `a session that has failed takes nothing more`() throws {
    let peer = try RawPeer()
    let ended = peer.flood(atMost: 2) { _ in
      RawPeer.frame(1, stream: 3, [0x82])
        + (0..<9).flatMap { _ in RawPeer.frame(9, stream: 3, [0x87]) }
    }
    #expect(ended.kind == .continuation)
    let more = Pair.buffer(RawPeer.request(5))
    for _ in 0..<3 {
      #expect(throws: HTTP2Error.flood(.continuation)) {
        _ = try peer.server.receive(more.bytes)
      }
    }
    #expect(peer.server.takeOpened() == nil && more.count == RawPeer.request(5).count)
  }

  @Test(arguments: [(32, true), (33, false)])
  func `SETTINGS of so many entries`(count: Int, isTaken: Bool) throws {
    let peer = try RawPeer()
    let entry: [UInt8] = [0, 3, 0, 0, 0, 100]
    try peer.send(RawPeer.frame(4, (0..<count).flatMap { _ in entry }))
    #expect(peer.server.ownError == (isTaken ? nil : .enhanceYourCalm))
    #expect(peer.server.hasEnded == !isTaken)
  }

  /// Whatever their numbers, frames end a session or do not; none of them traps.
  static let extremes: [[UInt8]] = [
    // GOAWAY that is too short, and of the last stream there is.
    RawPeer.frame(7, [0, 0, 0, 0, 0, 0, 0]),
    RawPeer.frame(7, RawPeer.word(.max) + RawPeer.word(.max)),
    // ALTSVC and ORIGIN, which only servers send, with lengths that do not fit.
    RawPeer.frame(10, [0xFF, 0xFF, 0x61]), RawPeer.frame(12, [0xFF, 0xFF, 0x61]),
    // An integer of HPACK that never ends, an index that is not there, a size beyond the table.
    RawPeer.frame(1, flags: 5, stream: 1, [0xFF] + [UInt8](repeating: 0xFF, count: 12)),
    RawPeer.frame(1, flags: 5, stream: 1, [0xFF, 0x80, 0x80, 0x80, 0x80, 0x7F]),
    RawPeer.frame(1, flags: 5, stream: 1, [0x3F, 0xFF, 0xFF, 0xFF, 0x7F]),
    // The highest stream, the largest window, a window of nothing, more padding than payload.
    RawPeer.frame(1, flags: 5, stream: 0x7FFF_FFFF, RawPeer.head),
    RawPeer.frame(8, RawPeer.word(0x7FFF_FFFF)), RawPeer.frame(8, RawPeer.word(0)),
    RawPeer.request(1, ends: false) + RawPeer.frame(0, flags: 8, stream: 1, [0xFF, 0x61]),
    // A window that every stream gets, then loses.
    RawPeer.frame(4, [0, 4] + RawPeer.word(0x7FFF_FFFF)),
    RawPeer.frame(4, [0, 4] + RawPeer.word(.max)),
  ]

  @Test(arguments: extremes)
  func `extreme numbers are refused or believed, and never trap`(_ bytes: [UInt8]) throws {
    let peer = try RawPeer()
    do throws(any Error) {
      try peer.send(bytes)
      try peer.send(RawPeer.request(0x7FFF_FFFF))
    } catch { #expect(error is HTTP2Error) }
  }

  @Test func `a session reads on, however its bytes are cut`() throws {
    let peer = try RawPeer()
    let bytes =
      RawPeer.request(1, ends: false) + RawPeer.frame(0, flags: 1, stream: 1, Array("hello".utf8))
      + RawPeer.request(3) + RawPeer.frame(6, [UInt8](repeating: 1, count: 8))
    for byte in bytes {
      let wire = Pair.buffer([byte])
      #expect(try peer.server.receive(wire.bytes) == 1)
    }
    let first = try #require(peer.server.takeOpened())
    #expect(first.inboundText == "hello")
    #expect(first.isInboundComplete)
    #expect(peer.server.takeOpened()?.id == 3)
  }
}
