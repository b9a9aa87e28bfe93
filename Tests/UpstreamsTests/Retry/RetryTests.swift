// Tries after the first one: when, where to, how often, and with which body.

import Engine
import HTTPMessage
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

extension RetryRule {
  static func test(
    attempts: Int = 2, causes: Set<Cause> = Set(Cause.allCases), budget: UInt64 = 200_000,
    methods: [HTTPMessage.Method] = [.get, .head, .put, .delete, .options],
    trustsKeys: Bool = false,
    replayMax: Int = 1_000, backoff: ClosedRange<UInt64> = 1...2
  ) -> RetryRule {
    RetryRule(
      attempts: attempts, causes: causes, statuses: StatusSet([502...504]), backoff: backoff,
      budget: budget, methods: methods, trustsKeys: trustsKeys,
      replayMax: replayMax)
  }
}

@Suite(.timeLimit(.minutes(5)))
struct RetryTests {
  private static let unavailable = "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"

  /// Ways in which the first server lets a try fail.
  enum Fault: String, CaseIterable {
    case status, reset, closing, garbage, silence

    func play(_ peer: Peer) async throws {
      _ = try await peer.readHead()
      switch self {
      case .status: try await peer.send(RetryTests.unavailable)
      case .reset: peer.reset()
      case .closing: peer.close()
      case .garbage: try await peer.send("what?\r\n\r\n")
      case .silence: #expect(await peer.isEnded())
      }
    }
  }

  @Test(arguments: Fault.allCases)
  func `a try that failed is made again at the other server`(fault: Fault) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], retry: .test())
      stage.timeouts.attempt = 100
      bench.start { await report { try await fault.play(try await stage.origins[0].accept()) } }
      bench.start { await report { try await stage.origins[1].accept().serve(.ok("second")) } }
      let fetched = try await stage.get()
      #expect(fetched == Fetched(status: 200, body: "second", attempts: 2, isReused: false))
      #expect(stage.pool.servers.map(\.state.inFlight) == [0, 0])
      // An answer that was thrown away whole leaves a connection that can be used.
      #expect(stage.openCount == (fault == .status ? 2 : 1))
      stage.pool.retire()
      #expect(stage.isClean)
    }
  }

  @Test func `the last answer is passed on when no try is left`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], retry: .test(attempts: 2))
      for origin in stage.origins {
        bench.start { await report { try await origin.accept().serve(Self.unavailable) } }
      }
      let fetched = try await stage.get()
      #expect(fetched == Fetched(status: 503, body: "no", attempts: 2, isReused: false))
      stage.pool.retire()
      #expect(stage.isClean)
    }
  }

  @Test(arguments: [
    ("POST", "", false), ("POST", "Idempotency-Key: k\r\n", true), ("PUT", "", true),
    ("PATCH", "Idempotency-Key: k\r\n", false),
  ])
  func `a method that is not idempotent needs a key and a place in the list`(
    method: String, fields: String, isRetried: Bool
  ) async throws {
    try await onLoop { bench in
      let rule = RetryRule.test(methods: [.get, .put, .post], trustsKeys: true)
      let stage = try Stage(on: bench, weights: [1, 1], retry: rule)
      bench.start { await report { try await stage.origins[0].accept().serve(Self.unavailable) } }
      if isRetried {
        bench.start { await report { try await stage.origins[1].accept().serve(.ok("x")) } }
      }
      let fetched = try await stage.run(
        try stage.exchange("\(method) / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"))
      #expect(fetched.status == (isRetried ? 200 : 503))
      stage.pool.retire()
    }
  }

  @Test func `a body is sent again from its first byte`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], retry: .test())
      bench.start {
        await report {
          let server = try await stage.origins[0].accept()
          #expect(try await server.readMessage().text == "one two")
          try await server.send(Self.unavailable)
        }
      }
      bench.start {
        await report {
          let server = try await stage.origins[1].accept()
          #expect(try await server.readMessage().text == "one two")
          try await server.send(.ok("thanks"))
        }
      }
      let body = ScriptedBody([Array("one ".utf8), Array("two".utf8)])
      let exchange = try stage.exchange(
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n", body: body)
      #expect(try await stage.run(exchange).body == "thanks")
      #expect(exchange.requestBody === body)
      stage.pool.retire()
      #expect(stage.isClean)
    }
  }

  @Test(arguments: [(1_000, true), (1_001, false)])
  func `a body beyond the replay buffer is sent once`(bytes: Int, isRetried: Bool) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], retry: .test(replayMax: 1_000))
      for (index, origin) in stage.origins.enumerated() where index == 0 || isRetried {
        bench.start {
          await report {
            let server = try await origin.accept()
            #expect(try await server.readMessage().body.count == bytes)
            try await server.send(index == 0 ? Self.unavailable : .ok("second"))
          }
        }
      }
      let body = ScriptedBody([[UInt8](repeating: 1, count: bytes)])
      let exchange = try stage.exchange(
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: \(bytes)\r\n\r\n", body: body)
      #expect(try await stage.run(exchange).status == (isRetried ? 200 : 503))
      stage.pool.retire()
      #expect(stage.isClean)
    }
  }

  @Test(arguments: [("0", true), ("1", false), ("soon", true), ("9999999999", false)])
  func `a long Retry-After is taken as no`(value: String, isRetried: Bool) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], retry: .test())
      bench.start {
        await report {
          try await stage.origins[0].accept().serve(
            "HTTP/1.1 503 No\r\nRetry-After: \(value)\r\nContent-Length: 0\r\n\r\n")
        }
      }
      if isRetried {
        bench.start { await report { try await stage.origins[1].accept().serve(.ok("x")) } }
      }
      #expect(try await stage.get().status == (isRetried ? 200 : 503))
      stage.pool.retire()
    }
  }

  @Test func `a try that could not end before the deadline is not started`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], retry: .test(backoff: 20_000...20_000))
      stage.timeouts.total = 5_000
      stage.random = OnesSource()
      bench.start { await report { try await stage.origins[0].accept().serve(Self.unavailable) } }
      #expect(try await stage.get().status == 503)
      #expect(stage.shared.deniedRetryCount == 0)
      stage.pool.retire()
    }
  }

  @Test func `a client that leaves ends the pause`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], retry: .test(backoff: 30_000...30_000))
      stage.random = OnesSource()
      let client = ScriptedClient()
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n", peer: client)
      bench.start {
        await report {
          try await stage.origins[0].accept().serve(Self.unavailable)
          try await bench.until("the pause") {
            stage.shared.retryCount(for: .status) == 1
          }
          client.isGone = true
          exchange.waiter.signal()
        }
      }
      #expect(await stage.reason(exchange) == .clientGone)
      stage.pool.retire()
      #expect(stage.isClean)
    }
  }

  @Test func `an answer whose head is there is never asked for again`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], retry: .test())
      bench.start {
        await report {
          let server = try await stage.origins[0].accept()
          try await server.serve("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")
          server.close()
        }
      }
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .connectionTerminated)
      #expect(exchange.upstream.attempts == 1)
      #expect(stage.isClean)
    }
  }

  @Test func `the pause is drawn from zero to a bound that doubles`() {
    let bounds = (1...6).map { Backoff.pause(before: $0, in: 50...500, random: .max) }
    #expect(bounds == [50, 100, 200, 400, 500, 500])
    #expect(Backoff.pause(before: 100, in: 50...500, random: .max) == 500)
    #expect(Backoff.pause(before: 3, in: 50...500, random: 0) == 0)
    #expect(Backoff.pause(before: 3, in: 50...500, random: .max / 2) == 100)
  }
}

@Suite struct RetryBudgetTests {
  private static let second: UInt64 = 1_000_000_000

  @Test(arguments: [10, 100, 1_000, 20_000] as [UInt64])
  func `retries of a storm stay under a fifth of the requests and three a second`(rate: UInt64) {
    var budget = RetryBudget()
    var tries: UInt64 = 0
    var retries: UInt64 = 0
    var first: UInt64 = 0
    // All requests fail, and each wants as many retries as it gets.
    for quarter in UInt64(0)..<240 {
      let now = Instant(nanoseconds: quarter * Self.second / 4)
      budget.sample(tries: tries, at: now)
      for _ in 0..<rate / 4 + 1 {
        tries += 1
        first += 1
        for _ in 0..<3 where budget.permit(share: 200_000, tries: tries, at: now) {
          tries += 1
          retries += 1
        }
      }
    }
    #expect(Double(retries) <= 0.2 * Double(first) + 3 * 60 + 6)
    #expect(Double(retries) >= 0.15 * Double(first))
  }

  @Test func `a quiet upstream may have three a second`() {
    var budget = RetryBudget()
    let now = Instant(nanoseconds: 5 * Self.second)
    let allowed = (0..<20).count { _ in budget.permit(share: 0, tries: 1, at: now) }
    #expect(allowed == 6)
    budget.sample(tries: 1, at: Instant(nanoseconds: 6 * Self.second))
    budget.sample(tries: 1, at: Instant(nanoseconds: 8 * Self.second))
    let later = Instant(nanoseconds: 8 * Self.second + 1)
    let again = (0..<20).count { _ in budget.permit(share: 0, tries: 1, at: later) }
    #expect(again == 6)
  }

  @Test func `requests of long ago pay for nothing`() {
    var budget = RetryBudget()
    var now = Instant(nanoseconds: Self.second)
    budget.sample(tries: 0, at: now)
    budget.sample(tries: 1_000_000, at: now)
    for _ in 0..<12 {
      now = now.advanced(milliseconds: 250)
      budget.sample(tries: 1_000_000, at: now)
    }
    let allowed = (0..<1_000).count { _ in
      budget.permit(share: 200_000, tries: 1_000_000, at: now)
    }
    #expect(allowed == 6)
  }
}

/// Draws the last of everything.
private final class OnesSource: RandomSource {
  func next() -> UInt64 { .max }

  @Test func `servers that go take nothing from the budget, and give it nothing`() {
    let shared = UpstreamShared()
    let now = Instant(nanoseconds: 1 << 40)
    for name in ["a:1", "b:1"] {
      for _ in 0..<1_000 { shared.server(name).begin() }
    }
    shared.sampleRetries(at: now)
    shared.forget(except: ["b:1"])
    for _ in 0..<100 { shared.server("b:1").begin() }
    var count = 0
    while count < 1_000, shared.permitRetry(for: .reset, share: 200_000, at: now) { count += 1 }
    // Retries count among the hundred tries here, so that a little less than a fifth is allowed.
    #expect((16...20).contains(count))
  }
}
