// Where connections are opened to: the choice of servers, refusals, deadlines and limits.

import Bytes
import Engine
import Glibc
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(5)))
struct ConnectTests {
  @Test(arguments: [[1], [1, 1], [5, 3, 2], [100, 1], [7, 7, 1, 1]])
  func `each server gets exactly its weight of a thousand picks`(weights: [Int]) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: weights)
      let total = weights.reduce(0, +)
      let rounds = 1000 / total
      var picks = weights.map { _ in 0 }
      for _ in 0..<rounds * total { picks[try stage.pick()] += 1 }
      #expect(picks == weights.map { $0 * rounds })
    }
  }

  @Test func `light servers are not picked in one run`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [2, 1, 1])
      let picks = try (0..<4).map { _ in try stage.pick() }
      #expect(picks == [0, 1, 2, 0])
    }
  }

  @Test func `a server that refuses is passed over for a moment`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1])
      stage.origins[0].close()
      bench.start {
        await report {
          let server = try await stage.origins[1].accept()
          for _ in 0..<4 { try await server.serve(.ok("second")) }
        }
      }
      for index in 0..<4 {
        let fetched = try await stage.get()
        #expect(fetched.body == "second")
        #expect(fetched.isReused == (index > 0))
      }
      #expect(stage.openCount == 1)
      stage.pool.retire()
    }
  }

  @Test func `when all servers refuse, the exchange fails and holds nothing`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1])
      for origin in stage.origins { origin.close() }
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .connectionRefused)
      #expect(stage.openCount == 0)
      #expect(stage.isClean)
    }
  }

  @Test func `a server that does not take connections times out`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      let full = FullServer()
      defer { full.close() }
      stage.pool.servers[0].resolved(to: [try full.address()])
      stage.timeouts.connect = 50
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .connectTimeout)
      #expect(stage.openCount == 0)
    }
  }

  @Test func `a server that does not answer times out`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      stage.timeouts.response = 50
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .responseTimeout)
      #expect(stage.openCount == 0)
      #expect(stage.isClean)
    }
  }

  @Test func `connections beyond the limit are refused, and freed places are used`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, connectionsMax: 1)
      var bodies: [String] = []
      bench.start { await report { bodies.append(try await stage.get().body) } }
      let server = try await stage.origin.accept()
      let second = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(second) == .upstreamConnections)
      try await server.serve("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
      try await bench.until("the first answer") { bodies.count == 1 }
      #expect(stage.openCount == 0)
      bench.start { await report { bodies.append(try await stage.get().body) } }
      try await stage.origin.accept().serve(.ok("third"))
      try await bench.until("the third answer") { bodies.count == 2 }
      stage.pool.retire()
    }
  }

  @Test func `no more idle connections are kept than the config says`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, idleMax: 1)
      var answered = 0
      for _ in 0..<3 {
        bench.start {
          await report {
            _ = try await stage.get()
            answered += 1
          }
        }
      }
      for _ in 0..<3 { try await stage.origin.accept().serve(.ok("x")) }
      try await bench.until("the answers") { answered == 3 }
      #expect(stage.openCount == 1)
      stage.pool.retire()
      #expect(stage.openCount == 0)
    }
  }

  @Test(arguments: [false, true])
  func `a client that leaves takes its upstream exchange with it`(isAnswering: Bool) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      let client = ScriptedClient()
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n", peer: client)
      var reason: Reason?
      bench.start { reason = await stage.reason(exchange) }
      let server = try await stage.origin.accept()
      _ = try await server.readHead()
      if isAnswering {
        try await server.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")
      }
      client.isGone = true
      exchange.waiter.signal()
      #expect(await server.isEnded())
      try await bench.until("the end") { reason != nil }
      #expect(reason == .clientGone)
      #expect(stage.isClean)
      #expect(!stage.pool.servers[0].state.isOut(at: bench.loop.now))
    }
  }
}

/// A listening socket whose queue is full: the kernel answers nobody any more.
private final class FullServer {
  private var descriptors: [Int32] = []

  func address() throws -> SocketAddress {
    let listener = try ListeningDescriptor.open(.ip(IPAddress(v4: 0x7f00_0001), port: 0))
    descriptors.append(listener)
    let address = try ListeningDescriptor.address(of: listener)
    // A second call shortens the queue to one connection.
    #expect(listen(listener, 0) == 0)
    guard case .ip(_, let port) = address else { return address }
    for _ in 0..<4 {
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      let descriptor = socket(AF_INET, kind, 0)
      descriptors.append(descriptor)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = port.bigEndian
      name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      // sockaddr_in is made to be read as any socket address; the result is told by nobody.
      _ = unsafe withUnsafePointer(to: &name) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
    return address
  }

  func close() {
    for descriptor in descriptors { Descriptor.close(descriptor) }
  }
}
