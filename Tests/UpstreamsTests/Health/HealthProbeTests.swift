// Checks of real sockets: what is well, what is not, and why.

import Engine
import LoopBench
import Testing
import Transport

@testable import Upstreams

@Suite(.timeLimit(.minutes(5)))
struct HealthProbeTests {
  private static func check(
    _ stage: Stage, _ rule: HealthRule = .test(), at address: SocketAddress? = nil
  ) async -> String? {
    let waiter = Waiter(on: stage.loop)
    defer { waiter.retire() }
    let probe = HealthProbe(rule, resources: stage.resources, waiter: waiter)
    return await probe.check(address ?? stage.origin.address, context: nil, host: "app.internal")
  }

  @Test func `a check asks for its path by its host, and takes an expected status`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          let head = try await server.readHead()
          #expect(head.startLine == "GET /healthz HTTP/1.1")
          #expect(head["host"] == "app.internal")
          try await server.send("HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 204 Well\r\n\r\n")
        }
      }
      #expect(await Self.check(stage) == nil)
      #expect(stage.isClean)
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "status 503"),
    ("HTTP/1.1 301 Away\r\nLocation: /\r\n\r\n", "status 301"),
    ("SSH-2.0-OpenSSH\r\n", "its answer is no HTTP"),
    ("", "the server closed the connection"),
  ])
  func `anything else is a fault`(answer: String, fault: String) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          _ = try await server.readHead()
          if !answer.isEmpty { try await server.send(answer) }
          server.close()
        }
      }
      let found = await Self.check(stage)
      #expect(found?.hasPrefix(fault) == true, "\(found ?? "nothing")")
      #expect(stage.isClean)
    }
  }

  @Test func `a server that does not answer in time is not well`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      #expect(await Self.check(stage, .test(timeout: 50)) == "no answer within 50 ms")
      #expect(stage.isClean)
    }
  }

  @Test func `without a path a connection is enough`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      #expect(await Self.check(stage, .test(path: nil)) == nil)
      stage.origin.close()
      #expect(await Self.check(stage, .test(path: nil)) != nil)
    }
  }

  @Test func `a checker takes a server out and in again, and stops`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, health: .test(every: 10, rise: 2, fall: 2))
      let state = stage.pool.servers[0].state
      var isWell = true
      bench.start {
        await report {
          while stage.isChecking {
            let server = try await stage.origin.accept()
            do throws(TransportError) {
              _ = try await server.readHead()
              try await server.send(
                "HTTP/1.1 \(isWell ? 200 : 500) X\r\nContent-Length: 0\r\n\r\n")
            } catch {
              // The last check may be ended in the middle.
              guard !stage.isChecking else { throw error }
            }
          }
        }
      }
      stage.shared.prepare([state.name], by: .test(), at: bench.loop.now)
      #expect(state.health == .unhealthy)
      let made = try HealthChecker(
        stage.pool.definition, shared: stage.shared, resources: stage.resources,
        addresses: { _ in [] }, random: { 0.5 })
      let checker = try #require(made)
      try checker.check(stage.pool.definition.servers, TaskStarter(for: bench))
      try await bench.until("the first check") { state.health == .healthy }
      isWell = false
      try await bench.until("the fall") { state.health == .unhealthy }
      isWell = true
      try await bench.until("the rise") { state.health == .healthy }
      let told = stage.shared.events.take().events.map(\.change)
      #expect(
        told == [
          .checked(.healthy, fault: nil), .checked(.unhealthy, fault: "status 500"),
          .checked(.healthy, fault: nil),
        ])
      stage.isChecking = false
      checker.stop()
      let count = state.goodCheckCount
      _ = try await bench.connect(to: stage.origin.address).send("GET / HTTP/1.1\r\n\r\n")
      try await bench.until("some time") { stage.resources.buffers.lentCount == 0 }
      #expect(state.goodCheckCount <= count + 1)
    }
  }
}
