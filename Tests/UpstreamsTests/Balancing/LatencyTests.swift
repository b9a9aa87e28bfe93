// The average by which slow servers are passed over: how it follows, ages, and is forgotten.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite struct LatencyTests {
  private static let start = Instant(nanoseconds: 1 << 40)

  private static func after(_ milliseconds: UInt64) -> Instant {
    start.advanced(milliseconds: milliseconds)
  }

  @Test func `an average halves each second without samples, and does so steadily`() {
    var latency = SmoothedLatency(packed: 0)
    latency.add(8_000_000, at: Self.start)
    #expect(latency.microseconds(at: Self.start) == 8_000)
    #expect((3_900...4_100).contains(latency.microseconds(at: Self.after(1_074))))
    var last: UInt64 = 8_000
    for milliseconds in stride(from: UInt64(50), through: 20_000, by: 50) {
      let now = latency.microseconds(at: Self.after(milliseconds))
      #expect(now < last || now <= last && now < 100)
      last = now
    }
    #expect(latency.microseconds(at: Self.after(60_000)) == 0)
    #expect(latency.microseconds(at: Self.after(3_600_000)) == 0)
    // A core whose clock is a turn behind sees no age of weeks.
    #expect(
      latency.microseconds(at: Instant(nanoseconds: Self.start.nanoseconds - 5_000_000)) == 8_000)
  }

  /// Milliseconds between two samples.
  @Test(arguments: [1, 10, 100, 900, 1_500, 10_000] as [UInt64])
  func `an average settles at what comes, however seldom it comes`(interval: UInt64) {
    var latency = SmoothedLatency(packed: 0)
    latency.add(1_000_000_000, at: Self.start)
    for step in 1...200 as ClosedRange<UInt64> {
      latency.add(2_000_000, at: Self.after(step * interval))
    }
    let found = latency.microseconds(at: Self.after(200 * interval))
    #expect((1_990...2_010).contains(found), "\(found)")
  }

  @Test func `a sample after a silence counts for more than one of many`() {
    var often = SmoothedLatency(packed: 0)
    often.add(100_000_000, at: Self.start)
    var seldom = often
    often.add(1_000_000, at: Self.after(1))
    seldom.add(1_000_000, at: Self.after(4_000))
    #expect(often.microseconds(at: Self.after(1)) > 80_000)
    #expect(seldom.microseconds(at: Self.after(4_000)) < 10_000)
  }

  @Test func `no sample is none, and the longest keeps its products in a word`() {
    var latency = SmoothedLatency(packed: 0)
    latency.add(0, at: Self.start)
    #expect(latency.microseconds(at: Self.start) == 1)
    for _ in 0..<300 { latency.add(.max, at: Self.start) }
    #expect(((1 << 28) - 16...1 << 28).contains(latency.microseconds(at: Self.start)))
  }

  @Test func `what a server did before it came back is forgotten`() {
    let state = ServerState(name: "a:1")
    for _ in 0..<5 { _ = state.failed(in: 600_000_000, at: Self.start) }
    #expect(state.latencyMicroseconds(at: Self.start) == 1_000_000)
    state.leaveOut(until: Self.after(1_000))
    // A try that was under way when it left fails while it is out.
    _ = state.failed(in: 600_000_000, at: Self.after(900))
    #expect(state.latencyMicroseconds(at: Self.after(1_000)) == 0)
    state.succeeded(in: 3_000_000, at: Self.after(1_010))
    #expect(state.latencyMicroseconds(at: Self.after(1_010)) == 3_000)
    // Weeks later the age of its return no longer fits into the samples' clock.
    let later = Self.after(60 * 86_400_000)
    state.succeeded(in: 5_000_000, at: later)
    #expect(state.latencyMicroseconds(at: later) == 5_000)
  }

  @Test func `a server that active checks take in again is not measured by its illness`() {
    let state = ServerState(name: "a:1")
    state.found(.unhealthy, at: Self.start)
    _ = state.failed(in: 600_000_000, at: Self.start)
    state.found(.healthy, at: Self.after(400))
    #expect(state.latencyMicroseconds(at: Self.after(401)) == 0)
  }

  /// Two servers, one worker, a request every two milliseconds: what of them goes to the first.
  private static func share(
    of stage: Stage, from start: Instant, seconds: UInt64, _ latency: (Instant) -> UInt64
  ) throws -> Double {
    var count = 0
    let steps = seconds * 500
    for step in 0..<steps {
      let now = start.advanced(milliseconds: step * 2)
      let index = try stage.pick(at: now)
      count += index == 0 ? 1 : 0
      stage.pool.servers[index].state.succeeded(
        in: index == 0 ? latency(now) : 1_000_000, at: now)
    }
    return Double(count) / Double(steps)
  }

  @Test func `a server that was slow gets its share again once it is fast`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench, weights: [1, 1], balance: .leastRequest)
      stage.random = SeededSource(11)
      let start = bench.loop.now
      let slow = try Self.share(of: stage, from: start, seconds: 30) { _ in 400_000_000 }
      #expect(slow < 0.02, "\(slow)")
      let well = start.advanced(milliseconds: 30_000)
      _ = try Self.share(of: stage, from: well, seconds: 10) { _ in 1_000_000 }
      let fast = try Self.share(
        of: stage, from: well.advanced(milliseconds: 10_000), seconds: 10
      ) { _ in 1_000_000 }
      #expect((0.4...0.6).contains(fast), "\(fast)")
    }
  }
}
