// Places among an upstream's connections: idle ones make room, wherever they lie.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(2)))
struct PlaceTests {
  private static let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

  @Test func `an idle connection to one server makes room for one to another`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], connectionsMax: 1)
      for (index, origin) in stage.origins.enumerated() {
        bench.start { await report { try await origin.accept().serve(.ok("\(index)")) } }
      }
      #expect(try await stage.get().body == "0")
      #expect(try await stage.get().body == "1")
      #expect(stage.openCount == 1)
      #expect(stage.pool.servers.map(\.idleCount) == [0, 1])
      stage.pool.retire()
    }
  }

  @Test func `a worker that needs a place is given one that lies idle at another`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, connectionsMax: 1)
      let other = try UpstreamPool(
        stage.pool.definition, servers: stage.pool.definition.servers, shared: stage.shared,
        resources: stage.resources)
      let forwarder = Forwarder(
        shares: [Forwarder.Share(pool: other, weight: 1)], sticky: nil, retry: nil, fallback: nil,
        mirrors: [], parameterNames: [])
      bench.start {
        await report {
          for text in ["one", "two"] {
            try await stage.origin.accept().serve(.ok(text))
          }
        }
      }
      #expect(try await stage.get().body == "one")
      let exchange = try stage.exchange(Self.request)
      try await forwarder.respond(to: exchange)
      #expect(exchange.response.status == 200)
      #expect(stage.pool.servers[0].idleCount == 0 && stage.openCount == 1)
      exchange.finish()
      exchange.waiter.retire()
      stage.pool.retire()
      other.retire()
      #expect(stage.openCount == 0)
    }
  }

  @Test func `when nothing lies idle anywhere a request is refused at once`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, connectionsMax: 1)
      let other = try UpstreamPool(
        stage.pool.definition, servers: stage.pool.definition.servers, shared: stage.shared,
        resources: stage.resources)
      let busy = try stage.exchange(Self.request)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          _ = try await server.readHead()
          let refused = try stage.exchange(Self.request)
          #expect(await stage.reason(refused) == .upstreamConnections)
          try await server.send(.ok("busy"))
        }
      }
      #expect(try await stage.run(busy).body == "busy")
      #expect(stage.pool.servers[0].state.failedCount == 0)
      stage.pool.retire()
      other.retire()
    }
  }
}
