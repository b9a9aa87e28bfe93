// Streams, plain and inside TLS, over real sockets: sends are whole, ends are what they are, and
// every wait ends.

import Bytes
import Engine
import LoopBench
import TLS
import Testing
import Transport

@Suite(.timeLimit(.minutes(5)))
struct TransportTests {
  private static func name(_ error: TransportError) -> String {
    switch error {
    case .timedOut: "timed out"
    case .cancelled: "cancelled"
    case .broken: "broken"
    case .insecure: "insecure"
    case .closed: "closed"
    }
  }

  /// How a step fails; nil when it does not.
  private static func failure(
    _ step: () async throws(TransportError) -> Void
  ) async -> String? {
    do throws(TransportError) {
      try await step()
      return nil
    } catch { return name(error) }
  }

  /// Sends until neither this socket nor its peer's has room, which the kernel makes for a while.
  private static func stuff(_ peer: Peer, on bench: isolated Bench) async throws {
    let block = [UInt8](repeating: 0, count: 60_000)
    let waiter = Waiter(on: bench.loop)
    var quietTurns = 0
    while quietTurns < 20 {
      quietTurns = try peer.transport.flush() ? 0 : quietTurns + 1
      while !peer.transport.hasUnsent { try peer.transport.send(block.span) }
      _ = await waiter.wait(until: bench.loop.now.advanced(milliseconds: 2))
    }
    waiter.retire()
  }

  @Test func `what a plain socket does not take at once is kept and flushed in order`()
    async throws
  {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      let transport = near.transport
      var block = [UInt8](repeating: 0, count: 60_000)
      var sent: [UInt8] = []
      while !transport.hasUnsent {
        for index in block.indices { block[index] = UInt8(truncatingIfNeeded: sent.count + index) }
        try transport.send(
          block.span.extracting(first: 10), block.span.extracting(droppingFirst: 10))
        sent += block
      }
      #expect(try !transport.flush())
      let received = try await far.read(count: sent.count / 2)
      try await transport.drain(waiter: near.waiter, until: bench.deadline)
      #expect(!transport.hasUnsent)
      let rest = try await far.read(count: sent.count - received.count)
      #expect(received + rest == sent)
    }
  }

  @Test func `closing gives back what was unsent`() async throws {
    try await onLoop { bench in
      let pending = BufferPool(capacity: Transport.sendBytesMax, idleMax: 1)
      let (near, _) = try await bench.pair()
      let transport = Transport(socket: near.socket, pending: pending)
      let block = [UInt8](repeating: 0, count: 60_000)
      while !transport.hasUnsent { try transport.send(block.span) }
      #expect(pending.lentCount == 1)
      transport.close(isAborting: true)
      transport.close(isAborting: true)
      #expect(pending.lentCount == 0)
    }
  }

  @Test func `a stalled drain ends at its deadline, and when it is cancelled`() async throws {
    let failures = try await onLoop { bench in
      let (near, far) = try await bench.pair()
      try await Self.stuff(near, on: bench)
      let late = await Self.failure { () throws(TransportError) in
        try await near.transport.drain(
          waiter: near.waiter, until: bench.loop.now.advanced(milliseconds: 20))
      }
      near.waiter.cancel()
      let cancelled = await Self.failure { () throws(TransportError) in
        try await near.transport.drain(waiter: near.waiter, until: bench.deadline)
      }
      far.close()
      return [late, cancelled]
    }
    #expect(failures == ["timed out", "cancelled"])
  }

  private static func drain(
    _ peer: Peer, stall: UInt64, rate: UInt64
  ) async -> String? {
    await failure { () throws(TransportError) in
      try await peer.transport.drain(
        waiter: peer.waiter, pace: SendingPace(stall: stall, bytesPerSecondMin: rate, grace: 0))
    }
  }

  @Test func `a reader that is slow but reads is waited for`() async throws {
    let failure = try await onLoop { bench in
      let (near, far) = try await bench.pair()
      try await Self.stuff(near, on: bench)
      bench.start {
        await report {
          // Far less than what the kernel wants to have gone before it says that there is room.
          while near.transport.hasUnsent {
            _ = try await far.read(count: 256 * 1024)
            _ = await far.waiter.sleep(milliseconds: 30)
          }
        }
      }
      let failure = await Self.drain(near, stall: 300, rate: 0)
      far.close()
      return failure
    }
    #expect(failure == nil)
  }

  @Test(arguments: [(rate: UInt64(0), isReading: false), (rate: 1 << 40, isReading: true)])
  func `a reader that takes nothing, or less than the least, is given up`(
    rate: UInt64, isReading: Bool
  ) async throws {
    let failure = try await onLoop { bench in
      let (near, far) = try await bench.pair()
      try await Self.stuff(near, on: bench)
      if isReading { _ = try await far.read(count: 16 * 1024) }
      let failure = await Self.drain(near, stall: 20, rate: rate)
      far.close()
      return failure
    }
    #expect(failure == "timed out")
  }

  @Test func `bytes pass inside TLS in both directions, in sends of any size`() async throws {
    try await onLoop { bench in
      let stage = try SecureStage(on: bench.loop)
      let (near, far, client, server) = try await stage.open(on: bench)
      #expect(server.session?.negotiation?.version == .tls13)
      for count in [1, 16_384, 16_385, 60_000, Transport.sendBytesMax] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let half = count / 2
        bench.start {
          await report {
            try server.send(
              bytes.span.extracting(first: half), bytes.span.extracting(droppingFirst: half))
            try await server.drain(waiter: far.waiter, until: bench.deadline)
          }
        }
        let got = try await client.take(count, waiter: near.waiter, until: bench.deadline)
        #expect(got == bytes)
      }
      try client.send("question".utf8Span.span)
      let asked = try await server.take(8, waiter: far.waiter, until: bench.deadline)
      #expect(asked == Array("question".utf8))
    }
  }

  @Test func `what a TLS peer does not read is kept and flushed in order`() async throws {
    try await onLoop { bench in
      let stage = try SecureStage(on: bench.loop)
      let (near, far, client, server) = try await stage.open(on: bench)
      var block = [UInt8](repeating: 0, count: 60_000)
      var sent: [UInt8] = []
      repeat {
        for index in block.indices {
          block[index] = UInt8(truncatingIfNeeded: sent.count / 7 + index)
        }
        try server.send(block.span)
        sent += block
      } while !server.hasUnsent
      let total = sent.count
      bench.start {
        await report { try await server.drain(waiter: far.waiter, until: bench.deadline) }
      }
      let got = try await client.take(total, waiter: near.waiter, until: bench.deadline)
      #expect(got == sent)
      try await bench.until("everything to be sent") { !server.hasUnsent }
    }
  }

  @Test func `a session ticket leaves when there is nothing to answer`() async throws {
    try await onLoop { bench in
      let stage = try SecureStage(on: bench.loop)
      let (near, _, _, server) = try await stage.open(on: bench)
      let buffer = Buffer(capacity: 1024)
      guard case .blocked = server.receive(into: buffer) else {
        Issue.record("nothing was sent")
        return
      }
      #expect(!server.hasUnsent)
      try await bench.until("the ticket") { near.socket.isReadable }
    }
  }

  @Test func `an end that the TLS peer did not announce is a failure, an announced one is not`()
    async throws
  {
    try await onLoop { bench in
      let stage = try SecureStage(on: bench.loop)
      for isAnnounced in [true, false] {
        let (near, far, client, server) = try await stage.open(on: bench)
        if isAnnounced { client.endSending() } else { near.socket.shutdownSending() }
        let buffer = Buffer(capacity: 1024)
        var count: Int?
        let failure = await Self.failure { () throws(TransportError) in
          count = try await server.read(into: buffer, waiter: far.waiter, until: bench.deadline)
        }
        #expect(count == (isAnnounced ? 0 : nil))
        #expect(failure == (isAnnounced ? nil : "insecure"))
      }
    }
  }

  @Test func `garbage in place of a handshake is answered with an alert`() async throws {
    try await onLoop { bench in
      let stage = try SecureStage(on: bench.loop)
      let (near, far) = try await bench.pair()
      let server = try stage.server(over: far)
      // A handshake record that holds no message of a handshake.
      try await near.send([22, 3, 1, 0, 5, 99, 0, 0, 1, 0])
      let failure = await Self.failure { () throws(TransportError) in
        try await server.handshake(waiter: far.waiter, until: bench.deadline)
      }
      #expect(failure == "insecure")
      // Content type 21: an alert, of five bytes of frame and two of text.
      let alert = try await near.read(count: 7)
      #expect(alert[0] == 21)
    }
  }

  @Test func `garbage after the handshake is answered with an alert and nothing is read`()
    async throws
  {
    try await onLoop { bench in
      let stage = try SecureStage(on: bench.loop)
      let (near, far, _, server) = try await stage.open(on: bench)
      try await near.send([23, 3, 3, 0, 32] + [UInt8](repeating: 7, count: 32))
      let buffer = Buffer(capacity: 1024)
      let failure = await Self.failure { () throws(TransportError) in
        _ = try await server.read(into: buffer, waiter: far.waiter, until: bench.deadline)
      }
      #expect(failure == "insecure")
      #expect(buffer.isEmpty)
    }
  }

  @Test func `a handshake ends at its deadline`() async throws {
    try await onLoop { bench in
      let stage = try SecureStage(on: bench.loop)
      let (near, far) = try await bench.pair()
      let server = try stage.server(over: far)
      // The start of a record, and then silence.
      try await near.send([22, 3, 1])
      let failure = await Self.failure { () throws(TransportError) in
        try await server.handshake(
          waiter: far.waiter, until: bench.loop.now.advanced(milliseconds: 30))
      }
      #expect(failure == "timed out")
    }
  }

  @Test func `a peer that leaves in the handshake ends it`() async throws {
    try await onLoop { bench in
      let stage = try SecureStage(on: bench.loop)
      let (near, far) = try await bench.pair()
      let server = try stage.server(over: far)
      near.close()
      let failure = await Self.failure { () throws(TransportError) in
        try await server.handshake(waiter: far.waiter, until: bench.deadline)
      }
      #expect(failure == "closed")
    }
  }
}

/// Runs a part of a test beside it, and reports when it cannot be played.
private func report(_ part: () async throws -> Void) async {
  do { try await part() } catch { Issue.record(error) }
}
