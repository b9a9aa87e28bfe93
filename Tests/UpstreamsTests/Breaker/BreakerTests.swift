// The circuit breaker: its machine against a plain model, its window against a list, and both
// together under a clock that only the test moves.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

extension BreakerRule {
  static func standard(
    probes: UInt64 = 3, ramp: UInt64 = 5_000, consecutive: UInt64 = 0, slow: SlowCalls? = nil
  ) -> BreakerRule {
    BreakerRule(
      errorShare: 500_000, requestsMin: 20, window: 10_000, open: 15_000,
      probes: probes,
      ramp: ramp, consecutive: consecutive, slow: slow)
  }
}

/// The breaker as its manual tells it: a list of what happened, read anew for each question.
private struct BreakerModel {
  enum Phase: Equatable { case closed, open, probing, ramping }

  var phase = Phase.closed
  var since: UInt64 = 0
  var probing = 0
  var good = 0
  var earned: UInt64 = 0
  let rule: BreakerRule

  mutating func mayPass(at now: UInt64) -> Bool {
    if phase == .open, now >= since + rule.open { (phase, probing, good) = (.probing, 0, 0) }
    if phase == .ramping, now >= since + rule.ramp { phase = .closed }
    switch phase {
    case .closed: return true
    case .open: return false
    case .probing:
      guard probing + good < Int(rule.probes) else { return false }
      probing += 1
      return true
    case .ramping:
      earned += max(100_000, (now - since) * 1_000_000 / rule.ramp)
      guard earned >= 1_000_000 else { return false }
      earned -= 1_000_000
      return true
    }
  }

  mutating func probeEnded(_ isGood: Bool?, at now: UInt64) {
    guard phase == .probing else { return }
    probing -= 1
    if isGood == false { (phase, since) = (.open, now) }
    if isGood == true {
      good += 1
      if good == Int(rule.probes) { (phase, since, earned) = (.ramping, now, 0) }
    }
  }

  mutating func trip(at now: UInt64) {
    if phase == .closed || phase == .ramping { (phase, since) = (.open, now) }
  }
}

private func instant(_ milliseconds: UInt64) -> Instant {
  Instant(nanoseconds: milliseconds * 1_000_000)
}

@Suite struct BreakerTests {
  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func `the machine follows the model`(seed: UInt64) {
    var random = Seeded(seed: seed)
    let rule = BreakerRule.standard(probes: .random(in: 1...4, using: &random))
    var machine = BreakerMachine()
    var model = BreakerModel(rule: rule)
    var probes: [UInt64] = []
    var now: UInt64 = 1_000
    for step in 0..<2_000 {
      now += .random(in: 0...3_000, using: &random)
      let place = Comment(rawValue: "seed \(seed), step \(step)")
      switch Int.random(in: 0..<10, using: &random) {
      case 0:
        _ = machine.trip(at: instant(now), by: rule)
        model.trip(at: now)
      case 1...4:
        guard let round = probes.popLast() else { continue }
        let isGood = [true, true, true, false, nil].randomElement(using: &random) ?? nil
        machine.probeEnded(round, isGood: isGood, at: instant(now), by: rule)
        if round == machine.round { model.probeEnded(isGood, at: now) }
      default:
        let wanted = model.mayPass(at: now)
        switch machine.admit(at: instant(now), by: rule) {
        case .refuse(let milliseconds):
          #expect(!wanted, place)
          #expect((1...15_000).contains(milliseconds), place)
        case .pass: #expect(wanted && model.phase != .probing, place)
        case .probe(let round):
          #expect(wanted && model.phase == .probing, place)
          if round != probes.last { probes.removeAll { $0 != round } }
          probes.append(round)
        }
      }
    }
  }

  @Test func `a probe that ends after its round says nothing of a later one`() {
    let rule = BreakerRule.standard(probes: 2)
    var machine = BreakerMachine()
    let opens = machine.trip(at: instant(0), by: rule)
    #expect(opens)
    guard case .probe(let first) = machine.admit(at: instant(15_000), by: rule),
      case .probe = machine.admit(at: instant(15_000), by: rule)
    else {
      Issue.record("two probes are let through")
      return
    }
    machine.probeEnded(first, isGood: false, at: instant(15_001), by: rule)
    guard case .probe(let second) = machine.admit(at: instant(30_001), by: rule) else {
      Issue.record("a second round begins")
      return
    }
    machine.probeEnded(first, isGood: false, at: instant(30_002), by: rule)
    #expect(machine.state == .halfOpen(inFlight: 1, good: 0))
    machine.probeEnded(second, isGood: true, at: instant(30_003), by: rule)
    #expect(machine.state == .halfOpen(inFlight: 0, good: 1))
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `the window counts what a list of the last ten pieces counts`(seed: UInt64) {
    var random = Seeded(seed: seed)
    let window = BreakerWindow(milliseconds: 1_000)
    var list: [(piece: UInt64, isFailure: Bool)] = []
    var now: UInt64 = .random(in: 0...1_000_000_000, using: &random)
    for step in 0..<1_000 {
      now += [0, 1, 10, 99, 100, 900, 5_000].randomElement(using: &random) ?? 0
      let isFailure = Bool.random(using: &random)
      window.add(isFailure: isFailure, at: instant(now))
      list.append((now / 100, isFailure))
      let recent = list.filter { $0.piece + 10 > now / 100 }
      let sum = window.sum(at: instant(now))
      #expect(
        sum == (UInt64(recent.count), UInt64(recent.count { $0.isFailure })),
        "seed \(seed), step \(step)")
    }
    window.clear()
    #expect(window.sum(at: instant(now)) == (0, 0))
  }

  private static func end(
    _ count: Int, isGood: Bool, _ breaker: Breaker, at now: UInt64, took: UInt64 = 1
  ) {
    for _ in 0..<count {
      breaker.ended(.pass, isGood: isGood, after: took * 1_000_000, at: instant(now))
    }
  }

  @Test(arguments: [(19, 0, false), (10, 10, true), (9, 11, false), (0, 1_000, false)])
  func `half of twenty requests open it, and fewer do not`(bad: Int, good: Int, opens: Bool) {
    let breaker = Breaker(.standard(), events: UpstreamEvents())
    Self.end(good, isGood: true, breaker, at: 100)
    Self.end(bad, isGood: false, breaker, at: 100)
    #expect((breaker.state == .open) == opens)
    if case .refuse = breaker.admit(at: instant(200)) {
      #expect(opens)
      #expect(breaker.refusedCount == 1)
    } else {
      #expect(!opens)
    }
  }

  @Test func `failures in a row open it`() {
    let breaker = Breaker(.standard(consecutive: 5), events: UpstreamEvents())
    Self.end(4, isGood: false, breaker, at: 100)
    Self.end(1, isGood: true, breaker, at: 100)
    Self.end(4, isGood: false, breaker, at: 100)
    #expect(breaker.state == .closed)
    Self.end(1, isGood: false, breaker, at: 100)
    #expect(breaker.state == .open)
  }

  @Test func `slow requests open it`() {
    let slow = BreakerRule.SlowCalls(milliseconds: 500, share: 800_000)
    let breaker = Breaker(.standard(slow: slow), events: UpstreamEvents())
    Self.end(5, isGood: true, breaker, at: 100)
    Self.end(19, isGood: true, breaker, at: 100, took: 500)
    #expect(breaker.state == .closed)
    Self.end(1, isGood: true, breaker, at: 100, took: 500)
    #expect(breaker.state == .open)
  }

  @Test func `it closes by probes and a ramp, forgets what was, and tells each step once`() {
    let events = UpstreamEvents()
    let breaker = Breaker(.standard(), events: events)
    Self.end(20, isGood: false, breaker, at: 100)
    var probes: [BreakerMachine.Admission] = []
    for _ in 0..<10 {
      let admission = breaker.admit(at: instant(15_100))
      if case .probe = admission { probes.append(admission) }
    }
    #expect(probes.count == 3)
    for probe in probes {
      breaker.ended(probe, isGood: true, after: 1, at: instant(15_200))
    }
    var passed = 0
    for millisecond in UInt64(15_200)..<20_200
    where breaker.admit(at: instant(millisecond)) == .pass {
      passed += 1
    }
    // A tenth at first, everything at the end: a little over half of five thousand.
    #expect((2_500...2_600).contains(passed))
    #expect(breaker.admit(at: instant(20_200)) == .pass)
    Self.end(1, isGood: false, breaker, at: 20_200)
    #expect(breaker.state == .closed)
    let told = events.take().events.map(\.change)
    #expect(
      told == [
        .breaker(from: .closed, to: .open), .breaker(from: .open, to: .halfOpen),
        .breaker(from: .halfOpen, to: .ramp), .breaker(from: .ramp, to: .closed),
      ])
    #expect(breaker.openedCount == 1)
  }

  @Test func `a rule that stays keeps its breaker, another one gets a new one`() {
    let shared = UpstreamShared()
    let breaker = shared.breaker(by: .standard())
    #expect(breaker != nil && shared.breaker(by: .standard()) === breaker)
    #expect(shared.breaker(by: .standard(probes: 9)) !== breaker)
    #expect(shared.breaker(by: nil) == nil)
  }

  @Test func `an open breaker refuses at once, without a connection`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, breaker: .standard(consecutive: 2))
      bench.start {
        await report {
          for _ in 0..<2 {
            let server = try await stage.origin.accept()
            try await server.serve(
              "HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
          }
        }
      }
      for _ in 0..<2 { #expect(try await stage.get().status == 500) }
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .breakerOpen)
      #expect(exchange.retryAfter == 15)
      #expect(exchange.upstream.attempts == 0)
      #expect(stage.pool.servers[0].state.begunCount == 2)
      #expect(stage.isClean)
    }
  }

  @Test func `a probe whose client leaves gives its place to another`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, breaker: .standard(probes: 1, ramp: 0, consecutive: 1))
      let breaker = try #require(stage.pool.breaker)
      breaker.ended(.pass, isGood: false, after: 1, at: Instant(nanoseconds: 0))
      let client = ScriptedClient()
      let left = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n", peer: client)
      bench.start {
        await report {
          _ = try await stage.origin.accept().readHead()
          client.isGone = true
          left.waiter.signal()
        }
      }
      #expect(await stage.reason(left) == .clientGone)
      #expect(breaker.state == .halfOpen)
      bench.start { await report { try await stage.origin.accept().serve(.ok("well")) } }
      #expect(try await stage.get().body == "well")
      #expect(breaker.state == .closed)
      stage.pool.retire()
    }
  }
}
