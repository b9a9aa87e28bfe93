// Passive detection by real answers: what counts against a server, and what does not.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(5)))
struct OutlierTests {
  /// Answers of the first server that end a try badly, after the request's head was read.
  enum Fault: String, CaseIterable {
    case serverError, reset, closing, garbage, cutBody

    func play(_ peer: Peer) async throws {
      _ = try await peer.readHead()
      switch self {
      case .serverError: try await peer.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
      case .reset: peer.reset()
      case .closing: peer.close()
      case .garbage: try await peer.send("what?\r\n\r\n")
      case .cutBody:
        try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        peer.close()
      }
    }
  }

  @Test(arguments: Fault.allCases)
  func `a server that fails three times is ejected`(fault: Fault) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], outlier: .consecutive(3))
      let state = stage.pool.servers[0].state
      // The second server does not take part.
      for round in 1...3 {
        bench.start { await report { try await fault.play(try await stage.origin.accept()) } }
        let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        stage.pool.servers[1].state.found(.unhealthy, at: bench.loop.now)
        _ = await stage.outcome(exchange)
        #expect(state.failedCount == UInt64(round))
        if fault == .serverError { stage.pool.servers[0].closeIdle() }
      }
      #expect(state.isOut(at: bench.loop.now))
      #expect(state.inFlight == 0)
      #expect(stage.shared.ejectionCount(of: state.name) == 1)
      #expect(
        stage.shared.events.take().events
          == [
            UpstreamEvent(
              server: state.name, change: .ejected(.consecutive(3), milliseconds: 1_000))
          ])
      stage.pool.retire()
    }
  }

  @Test func `an idle connection that its server closed counts against nobody`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, outlier: .consecutive(1))
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          try await server.serve(.ok("one"))
          _ = try await server.readHead()
          server.close()
          try await stage.origin.accept().serve(.ok("two"))
        }
      }
      _ = try await stage.get()
      #expect(try await stage.get().body == "two")
      #expect(stage.pool.servers[0].state.failedCount == 0)
      #expect(stage.pool.servers[0].state.inFlight == 0)
      #expect(stage.pool.servers[0].state.begunCount == 3)
      stage.pool.retire()
    }
  }

  @Test func `a client that leaves counts against nobody`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, outlier: .consecutive(1))
      let client = ScriptedClient()
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n", peer: client)
      bench.start {
        await report {
          _ = try await stage.origin.accept().readHead()
          client.isGone = true
          exchange.waiter.signal()
        }
      }
      #expect(await stage.reason(exchange) == .clientGone)
      #expect(stage.pool.servers[0].state.failedCount == 0)
      #expect(stage.pool.servers[0].state.inFlight == 0)
    }
  }

  @Test func `a refused connection is passed over for a moment by all workers`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1])
      stage.origins[0].close()
      bench.start { await report { try await stage.origins[1].accept().serve(.ok("second")) } }
      #expect(try await stage.get().body == "second")
      let other = try UpstreamPool(
        stage.pool.definition, servers: stage.pool.definition.servers, shared: stage.shared,
        resources: stage.resources)
      let fit = other.servers.map { $0.state.isFit(at: bench.loop.now) }
      #expect(fit == [false, true])
      #expect(stage.pool.servers.map(\.state.inFlight) == [0, 0])
      stage.pool.retire()
    }
  }
}

extension Stage {
  /// Runs an exchange to its end and notes its failure where the gateway would.
  func outcome(_ exchange: Exchange) async -> Reason? {
    defer { exchange.waiter.retire() }
    do throws(Failure) {
      try await forwarder.respond(to: exchange)
      if case .stream(let body) = exchange.responseBody {
        while let chunk = try await body.pull() { chunk.buffer.consume(chunk.count) }
      }
    } catch { exchange.failure = error }
    exchange.finish()
    return exchange.failure?.reason
  }
}
