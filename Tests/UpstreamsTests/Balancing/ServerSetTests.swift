// Servers that come, go and stand by: what stays, what is let go of, and who is asked.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(5)))
struct ServerSetTests {
  private static func picks(_ stage: Stage, _ count: Int = 600) throws -> Set<Int> {
    stage.random = SeededSource(5)
    return Set(try (0..<count).map { try stage.pick(key: UInt64($0) << 54) })
  }

  @Test(arguments: [Balance.leastRequest, .roundRobin, .random, .hash(.path)])
  func `servers of a higher priority number stand by until no other is fit`(
    balance: Balance
  ) async throws {
    try await onLoop { bench in
      let stage = try Stage(
        on: bench, weights: [1, 1, 1, 1], priorities: [0, 0, 1, 2], balance: balance)
      let states = stage.pool.servers.map(\.state)
      let now = bench.loop.now
      #expect(try Self.picks(stage) == [0, 1])
      states[0].found(.unhealthy, at: now)
      #expect(try Self.picks(stage) == [1])
      states[1].found(.unhealthy, at: now)
      #expect(try Self.picks(stage) == [2])
      states[2].found(.unhealthy, at: now)
      #expect(try Self.picks(stage) == [3])
      states[3].found(.unhealthy, at: now)
      // Nobody is fit: those that should be are asked.
      #expect(try Self.picks(stage) == [0, 1])
      states[1].found(.healthy, at: now)
      #expect(try Self.picks(stage) == [1])
    }
  }

  @Test func `a second try goes to a server that stands by before it goes to one that failed`()
    async throws
  {
    try await onLoop { bench in
      let stage = try Stage(
        on: bench, weights: [1, 1], priorities: [0, 1], balance: .leastRequest)
      #expect(try stage.pick(tried: 0b01) == 1)
      stage.pool.servers[1].state.found(.unhealthy, at: bench.loop.now)
      #expect(try stage.pick(tried: 0b01) == 0)
    }
  }

  @Test func `servers are numbered by priority, whatever order they are written in`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 2, 3], priorities: [7, 0, 7])
      #expect(stage.pool.servers.map(\.definition.weight) == [2, 1, 3])
      #expect(stage.pool.servers.map(\.index) == [0, 1, 2])
    }
  }

  @Test func `a server that stays keeps its connections, one that goes is let go of`()
    async throws
  {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1])
      for origin in stage.origins {
        bench.start { await report { try await origin.accept().serve(.ok("well")) } }
      }
      for _ in 0..<2 { _ = try await stage.get() }
      let before = stage.pool.servers
      #expect(before.map(\.idleCount) == [1, 1])
      try stage.pool.replaceServers(with: [before[1].definition])
      #expect(stage.pool.servers.map(\.idleCount) == [1])
      #expect(stage.pool.servers[0] === before[1] && before[1].index == 0)
      #expect(before[0].isGone && before[0].idleCount == 0)
      #expect(stage.openCount == 1)
      stage.pool.retire()
      #expect(stage.isClean)
    }
  }

  @Test func `a request at a server that goes is answered, and its connection closed`()
    async throws
  {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1])
      let leaving = stage.pool.servers[0]
      bench.start {
        await report {
          let server = try await stage.origins[0].accept()
          _ = try await server.readHead()
          try stage.pool.replaceServers(with: [stage.pool.servers[1].definition])
          try await server.send(.ok("still here"))
          #expect(await server.isEnded())
        }
      }
      #expect(try await stage.get().body == "still here")
      #expect(leaving.idleCount == 0 && leaving.state.inFlight == 0)
      #expect(stage.openCount == 0)
      #expect(stage.isClean)
    }
  }

  @Test func `an upstream that has no server yet says so`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, breaker: .standard())
      let gone = stage.pool.servers.map(\.definition)
      try stage.pool.replaceServers(with: [])
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .upstreamUnavailable)
      try stage.pool.replaceServers(with: gone)
      bench.start { await report { try await stage.origin.accept().serve(.ok("well")) } }
      #expect(try await stage.get().body == "well")
      stage.pool.retire()
    }
  }

  @Test func `a server that is found begins slowly`() {
    let shared = UpstreamShared()
    let now = Instant(nanoseconds: 1 << 40)
    shared.join(["a:1"], at: now)
    #expect(shared.known("a:1")?.lastReturn == now)
    shared.join(["a:1"], at: now.advanced(milliseconds: 5_000))
    #expect(shared.known("a:1")?.lastReturn == now)
  }
}
