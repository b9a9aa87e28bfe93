// What a route's `fallback` answers while the breaker of its upstream is open.

import Engine
import HTTPMessage
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

/// Answers by itself, as `fallback respond=` does.
private final class FixedAnswer: Destination {
  func respond(to exchange: Exchange) async throws(Failure) {
    exchange.answer(status: 203, contentType: nil, body: Array("fixed".utf8))
  }
}

@Suite(.timeLimit(.minutes(5)))
struct FallbackTests {
  /// A stage whose breaker is open.
  private static func rested(
    on bench: isolated Bench, fallback: Forwarder.Fallback?, retry: RetryRule? = nil
  ) throws -> Stage {
    let stage = try Stage(
      on: bench, breaker: .standard(consecutive: 1), retry: retry, fallback: fallback)
    let breaker = try #require(stage.pool.breaker)
    breaker.ended(.pass, isGood: false, after: 1, at: bench.loop.now)
    return stage
  }

  @Test func `a fixed answer takes the place of the refusal`() async throws {
    try await onLoop { bench in
      let stage = try Self.rested(on: bench, fallback: .answer(FixedAnswer()))
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.outcome(exchange) == nil)
      #expect(exchange.response.status == 203)
      #expect(exchange.server == nil)
      #expect(exchange.upstream.isFallback)
      #expect(exchange.retryAfter == 0)
      #expect(stage.shared.fallbackCount == 1)
      #expect(stage.pool.servers[0].state.begunCount == 0)
    }
  }

  @Test(arguments: [false, true])
  func `another upstream is asked, with the whole body`(hasRetry: Bool) async throws {
    try await onLoop { bench in
      let other = try Stage(on: bench)
      let stage = try Self.rested(
        on: bench, fallback: .upstream(other.pool),
        retry: hasRetry ? .test(causes: [.reset]) : nil)
      bench.start {
        await report {
          let server = try await other.origin.accept()
          let message = try await server.readMessage()
          #expect(message.body == Array("hello".utf8))
          try await server.send(.ok("other"))
        }
      }
      let exchange = try stage.exchange(
        "PUT /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n",
        body: ScriptedBody([Array("hello".utf8)]))
      #expect(try await stage.run(exchange).body == "other")
      #expect(stage.pool.servers[0].state.begunCount == 0)
      #expect(other.pool.servers[0].state.begunCount == 1)
      #expect(other.pool.servers[0].state.inFlight == 0)
      other.pool.retire()
      #expect(stage.isClean && other.isClean)
    }
  }

  @Test func `a fallback whose own breaker is open refuses`() async throws {
    try await onLoop { bench in
      let other = try Self.rested(on: bench, fallback: nil)
      let stage = try Self.rested(on: bench, fallback: .upstream(other.pool))
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .breakerOpen)
      #expect(exchange.retryAfter == 15)
    }
  }

  @Test func `a failure that is no open breaker is told as it is`() async throws {
    try await onLoop { bench in
      let stage = try Stage(
        on: bench, breaker: .standard(), fallback: .answer(FixedAnswer()))
      stage.origin.close()
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .connectionRefused)
      #expect(stage.shared.fallbackCount == 0)
    }
  }
}
