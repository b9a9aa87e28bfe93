// The timer wheel under a clock that the tests move. Never early is the rule that everything else
// rests on; late by a slot is what the wheel trades for its speed.

import Engine
import LoopBench
import Testing

/// Something with a deadline, which notes when it was told.
private final class Alarm: TimerTarget {
  var timerEntry: TimerWheel.Entry?
  var deadline: Instant
  let name: Int
  private(set) var rings = 0
  private let note: (Int) -> Void

  init(_ name: Int = 0, at deadline: Instant, note: @escaping (Int) -> Void = { _ in }) {
    self.name = name
    self.deadline = deadline
    self.note = note
  }

  func deadlinePassed() {
    deadline = .never
    rings += 1
    note(name)
  }
}

struct TimerWheelTests {
  /// An odd start: not at the edge of a slot.
  private static let start = Instant(nanoseconds: 77_000_000_123)
  private static let second: UInt64 = 1_000_000_000
  /// 4,096 slots of 4 ms.
  private static let horizon: UInt64 = 4096 * TimerWheel.resolution

  private static func after(_ nanoseconds: UInt64) -> Instant {
    Instant(nanoseconds: start.nanoseconds + nanoseconds)
  }

  @Test(
    arguments: [
      1, 3_999_999, 4_000_000, 4_000_001, 1_000_000_000, 16_383_999_999, 16_384_000_000,
      16_384_000_001, 100_000_000_000,
    ] as [UInt64])
  func `a deadline is told within a slot of its time and never early`(span: UInt64) {
    var wheel = TimerWheel(now: Self.start)
    let alarm = Alarm(at: Self.after(span))
    wheel.arm(alarm)
    var now = Self.start
    while alarm.rings == 0 {
      let wait = wheel.millisecondsUntilNext(from: now)
      #expect(wait >= 0)
      now = now.advanced(milliseconds: UInt64(max(wait, 1)))
      wheel.advance(to: now)
      if now < Self.after(span) { #expect(alarm.rings == 0) }
      if now > Self.after(span + 2 * Self.second) { break }
    }
    #expect(alarm.rings == 1)
    #expect(now.since(Self.after(span)) <= TimerWheel.resolution + 1_000_000)
    #expect(wheel.count == 0)
  }

  @Test func `deadlines are told in their order, slot by slot`() {
    var wheel = TimerWheel(now: Self.start)
    var told: [Int] = []
    let spans: [UInt64] = [900, 20, 300, 40, 15_000, 60]
    let alarms = spans.enumerated().map { index, span in
      Alarm(index, at: Self.start.advanced(milliseconds: span)) { told.append($0) }
    }
    for alarm in alarms { wheel.arm(alarm) }
    for step in 1...1600 { wheel.advance(to: Self.start.advanced(milliseconds: UInt64(step) * 10)) }
    #expect(told == [1, 3, 5, 2, 0, 4])
  }

  @Test func `a deadline that is put off is looked at once and moved on`() {
    var wheel = TimerWheel(now: Self.start)
    let alarm = Alarm(at: Self.start.advanced(milliseconds: 100))
    wheel.arm(alarm)
    alarm.deadline = Self.start.advanced(milliseconds: 500)
    wheel.arm(alarm)
    wheel.advance(to: Self.start.advanced(milliseconds: 300))
    #expect(alarm.rings == 0)
    #expect(wheel.count == 1)
    wheel.advance(to: Self.start.advanced(milliseconds: 510))
    #expect(alarm.rings == 1)
  }

  @Test func `an earlier deadline moves the entry forward`() {
    var wheel = TimerWheel(now: Self.start)
    let alarm = Alarm(at: Self.start.advanced(milliseconds: 10_000))
    wheel.arm(alarm)
    alarm.deadline = Self.start.advanced(milliseconds: 50)
    wheel.arm(alarm)
    wheel.advance(to: Self.start.advanced(milliseconds: 60))
    #expect(alarm.rings == 1)
  }

  @Test func `a target that wants no more is dropped when its slot comes`() {
    var wheel = TimerWheel(now: Self.start)
    let alarm = Alarm(at: Self.start.advanced(milliseconds: 10))
    wheel.arm(alarm)
    alarm.deadline = .never
    wheel.advance(to: Self.start.advanced(milliseconds: 20))
    #expect(alarm.rings == 0)
    #expect(wheel.count == 0)
    #expect(alarm.timerEntry == nil)
  }

  @Test func `a disarmed target is not told`() {
    var wheel = TimerWheel(now: Self.start)
    let first = Alarm(at: Self.start.advanced(milliseconds: 10))
    let second = Alarm(at: Self.start.advanced(milliseconds: 10))
    wheel.arm(first)
    wheel.arm(second)
    wheel.disarm(first)
    wheel.disarm(first)
    wheel.advance(to: Self.start.advanced(milliseconds: 20))
    #expect(first.rings == 0)
    #expect(second.rings == 1)
  }

  @Test func `a target without a deadline is not armed`() {
    var wheel = TimerWheel(now: Self.start)
    wheel.arm(Alarm(at: .never))
    #expect(wheel.count == 0)
    #expect(wheel.millisecondsUntilNext(from: Self.start) == -1)
  }

  @Test func `a pause longer than the wheel tells everything that is due and nothing else`() {
    var wheel = TimerWheel(now: Self.start)
    let spans: [UInt64] = [1, 4_000, 16_000, 40_000, 100_000]
    let alarms = spans.map { Alarm(at: Self.start.advanced(milliseconds: $0)) }
    for alarm in alarms { wheel.arm(alarm) }
    wheel.advance(to: Self.start.advanced(milliseconds: 50_000))
    #expect(alarms.map(\.rings) == [1, 1, 1, 1, 0])
    wheel.advance(to: Self.start.advanced(milliseconds: 100_010))
    #expect(alarms.map(\.rings) == [1, 1, 1, 1, 1])
  }

  @Test func `a hundred thousand random steps agree with a list of deadlines`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = Seeded(seed: seed)
    var wheel = TimerWheel(now: Self.start)
    var now = Self.start
    var due: [Int: Instant] = [:]
    var told: [Int] = []
    let alarms = (0..<200).map { index in Alarm(index, at: .never) { told.append($0) } }
    var isGood = true
    for _ in 0..<100_000 where isGood {
      let index = Int(random.next() % 200)
      switch random.next() % 8 {
      case 0, 1, 2, 3:
        let longest = Self.horizon * 2 / 1_000_000
        let span = random.next() % (random.next() % 4 == 0 ? longest : 400)
        alarms[index].deadline = now.advanced(milliseconds: span)
        due[index] = alarms[index].deadline
        wheel.arm(alarms[index])
      case 4:
        alarms[index].deadline = .never
        due[index] = nil
        if random.next() % 2 == 0 { wheel.disarm(alarms[index]) }
      default:
        let isLong = random.next() % 64 == 0
        now = Instant(
          nanoseconds: now.nanoseconds + random.next() % (isLong ? Self.horizon * 2 : 9_000_000))
        told = []
        wheel.advance(to: now)
        isGood = agrees(told, &due, now)
      }
    }
    #expect(isGood, "seed \(seed)")
    #expect(wheel.count <= 200, "seed \(seed)")
  }

  /// Whether all were told that are overdue by a slot, and none that is not due.
  private func agrees(_ told: [Int], _ due: inout [Int: Instant], _ now: Instant) -> Bool {
    for index in told {
      guard let deadline = due.removeValue(forKey: index), deadline <= now else { return false }
    }
    return !due.values.contains { now.since($0) > TimerWheel.resolution }
  }
}

struct InstantTests {
  @Test func `a deadline beyond what can be counted never comes`() {
    let late = Instant(nanoseconds: .max - 5)
    #expect(late.advanced(milliseconds: 1) == .never)
    #expect(Instant(nanoseconds: 0).advanced(milliseconds: .max) == .never)
    #expect(Instant.never.advanced(milliseconds: 0) == .never)
  }

  @Test func `time since a later instant is zero`() {
    let early = Instant(nanoseconds: 5)
    let late = Instant(nanoseconds: 12)
    #expect(late.since(early) == 7)
    #expect(early.since(late) == 0)
    #expect(early < late)
  }

  @Test func `the monotonic clock does not go back`() {
    let first = Instant.now()
    #expect(Instant.now() >= first)
    #expect(WallClock.milliseconds() > 1_600_000_000_000)
  }
}
