// Listening sockets: ports, unix files and what is stale, and accepting when nothing can be
// accepted.

import Bytes
import Engine
import Glibc
import LoopBench
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ListeningTests {
  /// A path for one unix socket, short enough for the kernel.
  private static func path() -> String {
    "/tmp/sluice-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
  }

  private static func remove(_ path: String) {
    // The kernel reads the text during the call only.
    _ = unsafe unlink(path)
  }

  private static let loopbackV6 = SocketAddress.ip(IPAddress(high: 0, low: 1), port: 0)

  @Test func `a burst of connections is accepted in one turn`() async throws {
    try await onLoop { bench in
      let listening = try Listening(on: bench.loop)
      var clients: [Peer] = []
      for _ in 0..<100 { clients.append(try await bench.connect(to: listening.address)) }
      let before = bench.loop.turnCount
      var servers: [Peer] = []
      for _ in 0..<100 { servers.append(try await listening.accept()) }
      #expect(bench.loop.turnCount - before <= 1)
      #expect(bench.loop.socketCount == 201)
    }
  }

  @Test func `two descriptors share a port`() throws {
    let first = try ListeningDescriptor.open(.ip(IPAddress(v4: 0x7f00_0001), port: 0))
    defer { Descriptor.close(first) }
    let second = try ListeningDescriptor.open(try ListeningDescriptor.address(of: first))
    defer { Descriptor.close(second) }
    let addresses = try [first, second].map { try ListeningDescriptor.address(of: $0) }
    #expect(addresses[0] == addresses[1])
  }

  @Test func `bytes pass over IPv6`() async throws {
    try await onLoop { bench in
      let listening = try Listening(on: bench.loop, at: Self.loopbackV6)
      #expect(listening.address.description.hasPrefix("[::1]:"))
      let near = try await bench.connect(to: listening.address)
      let far = try await listening.accept()
      try await near.send("six")
      #expect(try await far.read(count: 3) == Array("six".utf8))
    }
  }

  @Test func `bytes pass over a unix socket`() async throws {
    try await onLoop { bench in
      let path = Self.path()
      defer { Self.remove(path) }
      let listening = try Listening(on: bench.loop, at: .unix(path))
      let near = try await bench.connect(to: listening.address)
      let far = try await listening.accept()
      try await near.send("unix")
      near.endSending()
      #expect(try await far.readToEnd() == Array("unix".utf8))
      far.reset()
      try await bench.until("the end") { near.socket.isBroken }
    }
  }

  @Test func `a stale unix file is replaced, one that answers is not`() throws {
    let path = Self.path()
    defer { Self.remove(path) }
    let first = try ListeningDescriptor.open(.unix(path))
    #expect(throws: SystemError("bind", code: EADDRINUSE)) {
      try ListeningDescriptor.open(.unix(path))
    }
    Descriptor.close(first)
    let second = try ListeningDescriptor.open(.unix(path))
    Descriptor.close(second)
  }

  @Test func `a file that is no socket is not replaced`() throws {
    let path = Self.path()
    let file = unsafe open(path, O_CREAT | O_WRONLY, 0o600)
    #expect(file >= 0)
    close(file)
    defer { Self.remove(path) }
    #expect(throws: SystemError("bind", code: EADDRINUSE)) {
      try ListeningDescriptor.open(.unix(path))
    }
    let found = unsafe access(path, F_OK)
    #expect(found == 0)
  }

  @Test(arguments: [0, 1, 107, 108])
  func `a unix path has one to 107 bytes`(count: Int) {
    let path = String(repeating: "p", count: count)
    #expect((SocketAddress(unix: path) != nil) == (1...107).contains(count))
  }

  @Test func `a unix path holds no NUL`() {
    #expect(SocketAddress(unix: "a\0b") == nil)
  }

  @Test func `a paused listener reports nothing until it is resumed`() async throws {
    try await onLoop { bench in
      let descriptor = try ListeningDescriptor.open(.ip(IPAddress(v4: 0x7f00_0001), port: 0))
      defer { Descriptor.close(descriptor) }
      let address = try ListeningDescriptor.address(of: descriptor)
      let listening = ListeningSocket(descriptor: descriptor, on: bench.loop)
      let waiter = Waiter(on: bench.loop)
      listening.observer = waiter
      try listening.start()
      try listening.pause()
      let client = try await bench.connect(to: address)
      let quiet = await waiter.wait(until: bench.loop.now.advanced(milliseconds: 20))
      #expect(quiet == .timedOut)
      try listening.resume()
      #expect(await waiter.wait(until: bench.deadline) == .signalled)
      guard case .connection(let accepted, _) = listening.accept() else {
        Issue.record("nothing was accepted")
        return
      }
      Descriptor.close(accepted)
      listening.stop()
      listening.stop()
      client.close()
    }
  }
}
