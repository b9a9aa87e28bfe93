// Copies of requests: what is copied, what is left out, and that the request itself never notices.

import Engine
import HTTPMessage
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(2)))
struct MirrorTests {
  private struct Pair {
    let main: Stage
    let other: Stage
  }

  private static func pair(on bench: isolated Bench, share: UInt32 = 1_000_000) throws -> Pair {
    let other = try Stage(on: bench)
    let mirror = Mirror(to: other.pool, share: share, start: TaskStarter(for: bench))
    return Pair(main: try Stage(on: bench, mirrors: [mirror]), other: other)
  }

  private static func counts(_ stage: Stage) -> [UInt64] {
    UpstreamShared.CopyOutcome.allCases.map { stage.shared.copyCount($0) }
  }

  @Test func `a copy has the same line, fields and body, and its answer goes nowhere`()
    async throws
  {
    try await onLoop { bench in
      let pair = try Self.pair(on: bench)
      var copied: Message?
      bench.start { await report { try await pair.main.origin.accept().serve(.ok("main")) } }
      bench.start {
        await report {
          let server = try await pair.other.origin.accept()
          copied = try await server.readMessage()
          try await server.send("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad")
        }
      }
      let exchange = try pair.main.exchange(
        "PUT /a?b=c HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n",
        body: ScriptedBody([Array("he".utf8), Array("llo".utf8)]))
      #expect(try await pair.main.run(exchange).body == "main")
      try await bench.until("the copy's answer") { Self.counts(pair.other) == [1, 0, 0] }
      #expect(copied?.startLine == "PUT /a?b=c HTTP/1.1")
      #expect(copied?["host"] == "h" && copied?["x-a"] == "1")
      #expect(copied?["via"] == "1.1 sluice")
      #expect(copied?.text == "hello")
      pair.main.pool.retire()
      pair.other.pool.retire()
      #expect(pair.main.isClean && pair.other.isClean)
    }
  }

  @Test func `a copy that fails or is slow is not waited for`() async throws {
    try await onLoop { bench in
      let pair = try Self.pair(on: bench)
      pair.other.origin.close()
      for _ in 0..<2 {
        bench.start { await report { try await pair.main.origin.accept().serve(.ok("main")) } }
        #expect(try await pair.main.get().body == "main")
        pair.main.pool.servers[0].closeIdle()
      }
      try await bench.until("the copies to fail") { Self.counts(pair.other) == [0, 2, 0] }
      pair.main.pool.retire()
      #expect(pair.other.isClean)
    }
  }

  @Test func `a body that is too long for a copy passes, and the copy is left out`() async throws {
    try await onLoop { bench in
      let pair = try Self.pair(on: bench)
      let piece = [UInt8](repeating: 7, count: 40_000)
      bench.start {
        await report {
          let server = try await pair.main.origin.accept()
          #expect(try await server.readMessage().body.count == 80_000)
          try await server.send(.ok("main"))
        }
      }
      let exchange = try pair.main.exchange(
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 80000\r\n\r\n",
        body: ScriptedBody([piece, piece]))
      #expect(try await pair.main.run(exchange).body == "main")
      #expect(Self.counts(pair.other) == [0, 0, 1])
      pair.main.pool.retire()
      #expect(pair.main.isClean && pair.other.isClean)
    }
  }

  @Test func `a mirror that does not answer holds a bounded number of copies`() async throws {
    try await onLoop { bench in
      let pair = try Self.pair(on: bench)
      for _ in 0..<Mirror.copiesMax + 3 {
        bench.start { await report { try await pair.main.origin.accept().serve(.ok("main")) } }
        _ = try await pair.main.get()
        pair.main.pool.servers[0].closeIdle()
      }
      #expect(pair.other.pool.servers[0].state.inFlight == UInt64(Mirror.copiesMax))
      #expect(Self.counts(pair.other) == [0, 0, 3])
      pair.main.pool.retire()
      pair.other.origin.close()
    }
  }

  @Test(arguments: [(0, 0), (250_000, 250), (1_000_000, 1_000)] as [(UInt32, Int)])
  func `a share of requests is copied`(share: UInt32, count: Int) async throws {
    try await onLoop { bench in
      let pair = try Self.pair(on: bench, share: share)
      pair.other.origin.close()
      pair.main.random = SeededSource(3)
      let mirror = Mirror(to: pair.other.pool, share: share, start: TaskStarter(for: bench))
      for _ in 0..<1_000 {
        let exchange = try pair.main.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        mirror.consider(exchange)
        try await bench.until("the copy's end") { mirror.copyCount == 0 }
        exchange.waiter.retire()
      }
      let copies = Self.counts(pair.other).reduce(0, +)
      #expect(abs(Int(copies) - count) < 50, "\(copies)")
    }
  }
}
