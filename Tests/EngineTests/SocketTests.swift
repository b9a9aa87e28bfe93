// Stream sockets over the loopback and over unix sockets: what readiness, ends and resets look
// like.

import Bytes
import Engine
import Glibc
import LoopBench
import Testing
import Transport

@Suite(.timeLimit(.minutes(5)))
struct SocketTests {
  private static func receive(_ socket: Socket, into buffer: Buffer) -> Int? {
    if case .count(let count) = socket.receive(into: buffer) { return count }
    return nil
  }

  private static func isEnded(_ transfer: Socket.Transfer) -> Bool {
    if case .ended = transfer { return true }
    return false
  }

  private static func isBlocked(_ transfer: Socket.Transfer) -> Bool {
    if case .blocked = transfer { return true }
    return false
  }

  private static func failure(_ transfer: Socket.Transfer) -> Int32? {
    if case .failed(let error) = transfer { return error.code }
    return nil
  }

  @Test func `a short read says that the socket is empty`() async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      try await near.send("abc")
      try await bench.until("bytes") { far.socket.isReadable }
      let buffer = Buffer(capacity: 64)
      #expect(Self.receive(far.socket, into: buffer) == 3)
      #expect(!far.socket.isReadable)
      #expect(Self.isBlocked(far.socket.receive(into: buffer)))
    }
  }

  @Test func `a short read with the end behind it stays readable`() async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      try await near.send("last")
      near.endSending()
      try await bench.until("the end") { far.socket.isPeerClosed }
      let buffer = Buffer(capacity: 64)
      #expect(Self.receive(far.socket, into: buffer) == 4)
      #expect(far.socket.isReadable)
      #expect(Self.isEnded(far.socket.receive(into: buffer)))
      #expect(Self.isEnded(far.socket.receive(into: buffer)))
    }
  }

  @Test func `an end that comes after the last short read is announced`() async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      try await near.send("last")
      try await bench.until("bytes") { far.socket.isReadable }
      let buffer = Buffer(capacity: 64)
      #expect(Self.receive(far.socket, into: buffer) == 4)
      near.endSending()
      try await bench.until("the end") { far.socket.isReadable }
      #expect(Self.isEnded(far.socket.receive(into: buffer)))
    }
  }

  @Test func `a half-closed peer still receives`() async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      near.endSending()
      #expect(try await far.readToEnd().isEmpty)
      try await far.send("answer")
      far.endSending()
      #expect(try await near.readToEnd() == Array("answer".utf8))
      #expect(near.socket.isBroken)
    }
  }

  @Test func `a reset breaks the socket, with and without unread bytes`() async throws {
    for hasUnread in [false, true] {
      try await onLoop { bench in
        let (near, far) = try await bench.pair()
        if hasUnread { try await near.send("abc") }
        near.reset()
        try await bench.until("the reset") { far.socket.isBroken }
        let buffer = Buffer(capacity: 64)
        var code: Int32?
        for _ in 0..<2 where code == nil { code = Self.failure(far.socket.receive(into: buffer)) }
        #expect(code == ECONNRESET)
      }
    }
  }

  @Test func `a send to a peer that is gone fails without a signal`() async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      near.reset()
      try await bench.until("the reset") { far.socket.isBroken }
      let code = Self.failure(far.socket.send("x".utf8Span.span))
      #expect([EPIPE, ECONNRESET].contains(code))
      #expect(Self.failure(far.socket.send("x".utf8Span.span)) == EPIPE)
    }
  }

  @Test func `a failed send leaves what the peer said before readable`() async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      try await near.send("early answer")
      // Unread bytes make the close a reset.
      try await far.send("unread")
      try await bench.until("bytes") { near.socket.isReadable }
      near.close()
      while true {
        let transfer = far.socket.send("more".utf8Span.span)
        if Self.failure(transfer) != nil { break }
        try await bench.until("room") { far.socket.isWritable }
      }
      #expect(far.socket.isReadable)
    }
  }

  @Test func `two runs of bytes leave in one call and in order`() async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      for (first, second) in [("head", "body"), ("", "body"), ("head", "")] {
        let transfer = near.socket.send(first.utf8Span.span, second.utf8Span.span)
        guard case .count(let count) = transfer else {
          Issue.record("not sent")
          return
        }
        let text = first + second
        #expect(count == text.utf8.count)
        #expect(try await far.read(count: count) == Array(text.utf8))
      }
    }
  }

  @Test func `a send that blocks goes on when the peer reads`() async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      let block = [UInt8](repeating: 7, count: 64 * 1024)
      var sent = 0
      while near.socket.isWritable {
        if case .count(let count) = near.socket.send(block.span) { sent += count }
      }
      #expect(Self.isBlocked(near.socket.send(block.span)))
      #expect(try await far.read(count: sent).count == sent)
      try await bench.until("room") { near.socket.isWritable }
      guard case .count = near.socket.send(block.span) else {
        Issue.record("still blocked")
        return
      }
    }
  }

  @Test func `a refused connection says so`() async throws {
    let code = try await onLoop { bench in
      let listening = try Listening(on: bench.loop)
      listening.close()
      let socket = try Connecting.start(to: listening.address, on: bench.loop)
      defer { socket.close() }
      try await bench.until("an answer") { socket.isWritable }
      return socket.connectError()?.code
    }
    #expect(code == ECONNREFUSED)
  }

  @Test func `a closed socket is not reported while a copy of its descriptor lives`()
    async throws
  {
    let turns = try await onLoop { bench in
      let (near, far) = try await bench.pair()
      // As a child process holds it for a moment.
      let copy = dup(near.socket.descriptor)
      defer { close(copy) }
      near.close()
      let waiter = Waiter(on: bench.loop)
      _ = await waiter.wait(until: bench.loop.now.advanced(milliseconds: 5))
      let before = bench.loop.turnCount
      for _ in 0..<10 { try await far.send("for nobody") }
      _ = await waiter.wait(until: bench.loop.now.advanced(milliseconds: 20))
      return bench.loop.turnCount - before
    }
    #expect(turns <= 3)
  }

  @Test func `closing twice closes one descriptor`() async throws {
    try await onLoop { bench in
      let before = bench.loop.socketCount
      let (near, far) = try await bench.pair()
      near.socket.close()
      // The number is taken again at once: a second close would hit this one.
      let taken = dup(far.socket.descriptor)
      near.socket.close()
      #expect(fcntl(taken, F_GETFD) >= 0)
      close(taken)
      far.close()
      #expect(bench.loop.socketCount == before)
    }
  }

  @Test(arguments: 0...6)
  func `a reset after any step is seen and leaks nothing`(step: Int) async throws {
    try await onLoop { bench in
      let (near, far) = try await bench.pair()
      let steps: [() async throws -> Void] = [
        { try await near.send("one") }, { _ = try await far.read(count: 3) },
        { try await far.send("two") }, { _ = try await near.read(count: 3) },
        { far.endSending() }, { _ = try await near.readToEnd() },
      ]
      for action in steps.prefix(step) { try await action() }
      near.reset()
      try await bench.until("the end") { far.socket.isBroken || far.socket.isPeerClosed }
      _ = await far.isEnded()
      far.close()
      #expect(bench.loop.socketCount == 0)
    }
  }
}
