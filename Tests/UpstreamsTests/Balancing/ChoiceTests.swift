// Which server is chosen: by requests in flight, latency, weight, key, and by who is out.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(5)))
struct ChoiceTests {
  private static let seed: UInt64 = 7

  /// How often each server is picked.
  private static func picks(_ stage: Stage, _ count: Int, at now: Instant? = nil) throws -> [Int] {
    stage.random = SeededSource(seed)
    var picks = stage.pool.servers.map { _ in 0 }
    for _ in 0..<count { picks[try stage.pick(at: now)] += 1 }
    return picks
  }

  @Test func `of two servers the one with fewer requests is picked`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], balance: .leastRequest)
      for _ in 0..<3 { stage.pool.servers[0].state.begin() }
      stage.pool.servers[1].state.begin()
      #expect(try Self.picks(stage, 100) == [0, 100])
      for _ in 0..<2 { stage.pool.servers[0].state.end() }
      stage.pool.servers[0].state.end()
      #expect(try Self.picks(stage, 100) == [100, 0])
    }
  }

  @Test(arguments: [[1, 1], [3, 1], [10, 1, 1], [1, 2, 3, 4]])
  func `at rest each server gets its weight`(weights: [Int]) async throws {
    try await onLoop { bench in
      for balance in [Balance.leastRequest, .random] {
        let stage = try Stage(on: bench, weights: weights, balance: balance)
        let picks = try Self.picks(stage, 20_000)
        for (pick, weight) in zip(picks, weights) {
          let share = Double(weight) / Double(weights.reduce(0, +))
          #expect(abs(Double(pick) / 20_000 - share) < 0.02, "\(balance): \(picks)")
        }
      }
    }
  }

  @Test func `requests in flight count for less on a heavier server`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [4, 1], balance: .leastRequest)
      for _ in 0..<3 { stage.pool.servers[0].state.begin() }
      stage.pool.servers[1].state.begin()
      let picks = try Self.picks(stage, 1_000)
      #expect(picks[0] > 900, "\(picks)")
    }
  }

  @Test func `a server that is much slower is passed over, and asked again later`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], balance: .leastRequest)
      let now = bench.loop.now
      stage.pool.servers[0].state.succeeded(in: 50_000_000, at: now)
      stage.pool.servers[1].state.succeeded(in: 1_000_000, at: now)
      #expect(try Self.picks(stage, 100, at: now) == [0, 100])
      stage.pool.servers[1].state.succeeded(in: 30_000_000, at: now)
      // Within twice of each other: no difference that counts.
      stage.pool.servers[0].state.succeeded(in: 1_000_000, at: now.advanced(milliseconds: 8_000))
      let later = now.advanced(milliseconds: 40_000)
      let picks = try Self.picks(stage, 1_000, at: later)
      #expect(picks.allSatisfy { $0 > 400 }, "\(picks)")
    }
  }

  @Test func `a server that fails at once does not look fast`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], balance: .leastRequest)
      let now = bench.loop.now
      _ = stage.pool.servers[0].state.failed(in: 1_000, at: now)
      stage.pool.servers[1].state.succeeded(in: 20_000_000, at: now)
      #expect(try Self.picks(stage, 100, at: now) == [0, 100])
    }
  }

  @Test(arguments: [Balance.leastRequest, .roundRobin, .random, .hash(.path)])
  func `a server that is out is not picked until it is back`(balance: Balance) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1, 1], balance: balance)
      let now = bench.loop.now
      let end = now.advanced(milliseconds: 1_000)
      stage.pool.servers[1].state.leaveOut(until: end)
      stage.random = SeededSource(Self.seed)
      let during = Set(try (0..<300).map { try stage.pick(key: .init($0) << 55, at: now) })
      #expect(during == [0, 2])
      let after = Set(try (0..<300).map { try stage.pick(key: .init($0) << 55, at: end) })
      #expect(after == [0, 1, 2])
    }
  }

  @Test(arguments: [Balance.leastRequest, .roundRobin, .random, .hash(.path)])
  func `an unhealthy server is not picked, and when all are, all are`(
    balance: Balance
  ) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [2, 1, 1], balance: balance)
      stage.random = SeededSource(Self.seed)
      let now = bench.loop.now
      for index in [0, 2] { stage.pool.servers[index].state.found(.unhealthy, at: now) }
      #expect(Set(try (0..<300).map { try stage.pick(key: .init($0) << 55) }) == [1])
      stage.pool.servers[1].state.found(.unhealthy, at: now)
      #expect(Set(try (0..<300).map { try stage.pick(key: .init($0) << 55) }) == [0, 1, 2])
    }
  }

  @Test(arguments: [Balance.leastRequest, .roundRobin, .random, .hash(.path)])
  func `a server that was tried is picked again only when no other is fit`(
    balance: Balance
  ) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], balance: balance)
      stage.random = SeededSource(Self.seed)
      for _ in 0..<50 { #expect(try stage.pick(key: 9, tried: 0b01) == 1) }
      stage.pool.servers[1].state.found(.unhealthy, at: bench.loop.now)
      for _ in 0..<50 { #expect(try stage.pick(key: 9, tried: 0b01) == 0) }
    }
  }

  @Test func `a key stays on its server, and leaves it while that one is overloaded`() async throws
  {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1, 1, 1], balance: .hash(.path))
      let home = try stage.pick(key: 42)
      for _ in 0..<100 { #expect(try stage.pick(key: 42) == home) }
      // 1.25 times a fourth of eleven requests, rounded up, is four.
      for _ in 0..<4 { stage.pool.servers[home].state.begin() }
      for server in stage.pool.servers where server.index != home {
        for _ in 0..<2 { server.state.begin() }
      }
      let other = try stage.pick(key: 42)
      #expect(other != home)
      stage.pool.servers[home].state.end()
      #expect(try stage.pick(key: 42) == home)
    }
  }

  @Test func `a server that came back has a tenth of its share, and gets it back slowly`()
    async throws
  {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], balance: .random, slowStart: 10_000)
      let back = bench.loop.now
      stage.pool.servers[0].state.leaveOut(until: back)
      for (after, share) in [(0, 0.09), (5_000, 0.33), (10_000, 0.5)] {
        let now = back.advanced(milliseconds: UInt64(after))
        let picks = try Self.picks(stage, 10_000, at: now)
        #expect(abs(Double(picks[0]) / 10_000 - share) < 0.03, "after \(after) ms: \(picks)")
      }
    }
  }

  @Test func `a state outlives its pool`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1])
      let now = bench.loop.now
      stage.pool.servers[0].state.leaveOut(until: now.advanced(milliseconds: 1_000))
      let next = try UpstreamPool(
        stage.pool.definition, servers: stage.pool.definition.servers, shared: stage.shared,
        resources: stage.resources)
      #expect(next.servers.map { $0.state.isFit(at: now) } == [false, true])
      stage.shared.forget(except: [])
      let fresh = try UpstreamPool(
        stage.pool.definition, servers: stage.pool.definition.servers, shared: stage.shared,
        resources: stage.resources)
      #expect(fresh.servers.map { $0.state.isFit(at: now) } == [true, true])
    }
  }
}
