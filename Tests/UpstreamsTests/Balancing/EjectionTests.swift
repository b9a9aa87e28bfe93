// Passive outlier detection: the book of ejections against a plain model, and the window of errors.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

/// The same rules, written down as a history and asked anew each time.
private struct EjectionModel {
  var history: [(server: String, start: UInt64, length: UInt64)] = []
  let rule: OutlierRule
  let count: Int

  mutating func eject(_ server: String, at now: UInt64) -> UInt64? {
    let out = Set(history.filter { $0.start + $0.length > now }.map(\.server))
    guard !out.contains(server), out.count < rule.seats(of: count) else { return nil }
    var run = 0
    var end: UInt64 = 0
    for entry in history where entry.server == server {
      run = run > 0 && entry.start < end + rule.ejection.upperBound ? run + 1 : 1
      end = entry.start + entry.length
    }
    if run > 0, now >= end + rule.ejection.upperBound { run = 0 }
    var length = rule.ejection.lowerBound
    for _ in 0..<run { length = min(length * 2, rule.ejection.upperBound) }
    history.append((server, now, length))
    return now + length
  }
}

@Suite struct EjectionTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `ejections follow the model`(seed: UInt64) {
    var random = Seeded(seed: seed)
    let count = Int.random(in: 1...8, using: &random)
    let rule = OutlierRule.consecutive(
      5, ejectedMax: [250_000, 500_000, 1_000_000].randomElement(using: &random) ?? 0)
    var book = EjectionBook()
    var model = EjectionModel(rule: rule, count: count)
    var now: UInt64 = 1_000_000
    for step in 0..<500 {
      now += UInt64.random(in: 0...6_000, using: &random)
      let server = "s\(Int.random(in: 0..<count, using: &random))"
      let end = book.eject(
        server, of: count, by: rule, at: Instant(nanoseconds: now * 1_000_000))
      let wanted = model.eject(server, at: now)
      #expect(
        end?.nanoseconds == wanted.map { $0 * 1_000_000 }, "seed \(seed), step \(step), \(server)")
    }
  }

  @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (10, 5)])
  func `half of the servers may be out, and never the only one`(count: Int, seats: Int) {
    #expect(OutlierRule.consecutive(5).seats(of: count) == seats)
  }

  @Test func `all but one may be out at most`() {
    #expect(OutlierRule.consecutive(5, ejectedMax: 1_000_000).seats(of: 3) == 2)
  }

  @Test func `a server is ejected for failures in a row, and a good answer breaks the row`() {
    let shared = UpstreamShared()
    let state = shared.server("a:1")
    let now = Instant(nanoseconds: 1_000_000_000)
    #expect(state.failed(in: 1, at: now) == 1)
    #expect(state.failed(in: 1, at: now) == 2)
    state.succeeded(in: 1_000, at: now)
    #expect(state.failed(in: 1, at: now) == 1)
    #expect(state.failedCount == 3)
  }

  private static let sharing = OutlierRule(
    consecutive: 0, errorShare: 500_000, slowness: nil, requestsMin: 10, window: 2_000,
    statuses: StatusSet([500...599]), ejection: 1_000...8_000, ejectedMax: 500_000)

  /// Lets a server end so many tries, the first of them badly.
  private static func end(_ count: Int, failing: Int, _ state: ServerState, at now: Instant) {
    for index in 0..<count {
      state.begin()
      if index < failing {
        _ = state.failed(in: 1, at: now)
      } else {
        state.succeeded(in: 1, at: now)
      }
      state.end()
    }
  }

  @Test(arguments: [(9, 9, false), (10, 4, false), (10, 5, true), (100, 50, true)])
  func `a share of failures ejects from enough requests on`(
    count: Int, failing: Int, isOut: Bool
  ) {
    let shared = UpstreamShared()
    var detector = OutlierDetector()
    let start = Instant(nanoseconds: 5_000_000_000)
    let names = ["a:1", "b:1"]
    detector.examine(shared, servers: names, by: Self.sharing, at: start)
    Self.end(count, failing: failing, shared.server("a:1"), at: start)
    let now = start.advanced(milliseconds: 250)
    detector.examine(shared, servers: names, by: Self.sharing, at: now)
    #expect(shared.server("a:1").isOut(at: now) == isOut)
    #expect(!shared.server("b:1").isOut(at: now))
    let told = shared.events.take().events.map(\.server)
    #expect(told == (isOut ? ["a:1"] : []))
  }

  @Test func `failures before the window count no more`() {
    let shared = UpstreamShared()
    var detector = OutlierDetector()
    var now = Instant(nanoseconds: 5_000_000_000)
    let names = ["a:1", "b:1"]
    detector.examine(shared, servers: names, by: Self.sharing, at: now)
    Self.end(9, failing: 9, shared.server("a:1"), at: now)
    for _ in 0..<9 {
      now = now.advanced(milliseconds: 250)
      detector.examine(shared, servers: names, by: Self.sharing, at: now)
    }
    Self.end(9, failing: 4, shared.server("a:1"), at: now)
    now = now.advanced(milliseconds: 250)
    detector.examine(shared, servers: names, by: Self.sharing, at: now)
    #expect(!shared.server("a:1").isOut(at: now))
  }

  private static let comparing = OutlierRule(
    consecutive: 0, errorShare: nil, slowness: 5, requestsMin: 10, window: 2_000,
    statuses: StatusSet([]), ejection: 1_000...8_000, ejectedMax: 500_000)

  /// Milliseconds of three servers' answers, and who is out after them.
  @Test(
    arguments: [
      ([100, 20, 20], ["a"]), ([99, 20, 20], []), ([20, 100, 500], ["c"]), ([4, 0, 0], []),
      ([500, 500, 500], []), ([100, 20], []),
    ] as [([UInt64], [String])])
  func `a server that is much slower than its peers is ejected`(
    milliseconds: [UInt64], out: [String]
  ) {
    let shared = UpstreamShared()
    var detector = OutlierDetector()
    let start = Instant(nanoseconds: 5_000_000_000)
    let names = Array(["a", "b", "c"].prefix(milliseconds.count))
    detector.examine(shared, servers: names, by: Self.comparing, at: start)
    for (name, time) in zip(names, milliseconds) {
      let state = shared.server(name)
      for _ in 0..<10 {
        state.begin()
        state.succeeded(in: max(time * 1_000_000, 1_000), at: start)
        state.end()
      }
    }
    detector.examine(shared, servers: names, by: Self.comparing, at: start)
    #expect(names.filter { shared.server($0).isOut(at: start) } == out)
  }

  @Test func `a server with few requests is not measured`() {
    let shared = UpstreamShared()
    var detector = OutlierDetector()
    let start = Instant(nanoseconds: 5_000_000_000)
    detector.examine(shared, servers: ["a", "b", "c"], by: Self.comparing, at: start)
    for (name, count) in [("a", 9), ("b", 10), ("c", 10)] {
      for _ in 0..<count {
        shared.server(name).begin()
        shared.server(name).succeeded(in: name == "a" ? 900_000_000 : 1_000_000, at: start)
        shared.server(name).end()
      }
    }
    detector.examine(shared, servers: ["a", "b", "c"], by: Self.comparing, at: start)
    #expect(!shared.server("a").isOut(at: start))
  }

  @Test func `statuses are sets of ranges`() {
    let set = StatusSet([502...504, 599...599])
    let found = (0...1000).filter { set.contains(UInt16($0)) }
    #expect(found == [502, 503, 504, 599])
  }
}
