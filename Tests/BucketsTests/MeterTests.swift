// The arithmetic of limits, with a clock that stands where the test puts it.

import Testing

@testable import Buckets

@Suite struct MeterTests {
  static func time(_ microseconds: UInt64, wall: UInt64 = 0) -> MeterTime {
    MeterTime(monotonicMicroseconds: microseconds, wallMilliseconds: wall)
  }

  struct Policy: Sendable {
    let count, period, burst, tokens, seconds: UInt64
  }

  @Test(arguments: [
    Policy(count: 600, period: 60_000, burst: 60, tokens: 60, seconds: 6),
    Policy(count: 50, period: 1000, burst: 100, tokens: 100, seconds: 2),
    Policy(count: 7, period: 1000, burst: 3, tokens: 3, seconds: 1),
    Policy(count: 10_000, period: 86_400_000, burst: 1, tokens: 1, seconds: 9),
  ])
  func `a policy is told as burst and the time to fill it`(_ policy: Policy) throws {
    let meter = try #require(
      Meter(count: policy.count, periodMilliseconds: policy.period, burst: policy.burst))
    #expect(meter.tokensMax == policy.tokens)
    #expect(meter.fillSeconds == policy.seconds)
  }

  @Test func `seven tokens a second are exactly seven, however often one looks`() throws {
    let meter = try #require(Meter(count: 7, periodMilliseconds: 1000, burst: 10))
    var level: UInt64 = 0
    var stamp: UInt64 = 0
    for step in 1...1_000_000 as ClosedRange<UInt64> {
      level = meter.level(level, since: stamp, at: Self.time(step))
      stamp = meter.stamp(after: stamp, at: Self.time(step))
    }
    #expect(level == 7 * meter.unitsPerToken)
  }

  @Test func `a clock that is behind gives nothing and takes nothing`() throws {
    let meter = try #require(Meter(count: 1, periodMilliseconds: 1000, burst: 2))
    #expect(meter.level(5, since: 100, at: Self.time(50)) == 5)
    #expect(meter.stamp(after: 100, at: Self.time(50)) == 100)
  }

  @Test func `a bucket never holds more than its burst`() throws {
    let meter = try #require(Meter(count: 1_000_000, periodMilliseconds: 1000, burst: 5))
    #expect(meter.level(0, since: 0, at: Self.time(.max)) == meter.capacity)
  }

  @Test func `a rate that cannot be counted is refused`() {
    #expect(Meter(count: 7, periodMilliseconds: 86_400_000, burst: 1_000_000) == nil)
    #expect(Meter(count: 0, periodMilliseconds: 1000, burst: 1) == nil)
    #expect(Meter(count: .max, periodMilliseconds: 1, burst: 1) == nil)
  }

  @Test func `a quota begins anew with the calendar's day`() throws {
    let day: UInt64 = 86_400_000
    let meter = try #require(Meter(quota: 10, windowMilliseconds: day))
    let evening = Self.time(0, wall: 20 * day + day - 1500)
    let stamp = meter.stamp(after: 0, at: evening)
    #expect(meter.level(3, since: stamp, at: evening) == 3)
    #expect(meter.seconds(from: 3, to: 10, at: evening) == 2)
    #expect(meter.level(3, since: stamp, at: Self.time(0, wall: 21 * day)) == 10)
  }

  @Test func `a wall clock set back over midnight gives no second quota`() throws {
    let day: UInt64 = 86_400_000
    let meter = try #require(Meter(quota: 10, windowMilliseconds: day))
    let morning = Self.time(0, wall: 21 * day)
    let evening = Self.time(0, wall: 21 * day - 1)
    let stamp = meter.stamp(after: 0, at: morning)
    #expect(meter.level(0, since: stamp, at: evening) == 0)
    #expect(meter.stamp(after: stamp, at: evening) == stamp)
  }
}
