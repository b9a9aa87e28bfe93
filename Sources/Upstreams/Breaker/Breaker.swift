// The circuit breaker of an upstream, one for all workers. While it is closed, a try that ends well
// costs it one load and one atomic word; the lock is for failures and for the other states.

import Bytes
import Engine
import Synchronization

/// Refuses tries at an upstream that fails too often, and lets it come back gently.
package final class Breaker: Sendable {
  package let rule: BreakerRule
  private let isClosed = Atomic<Bool>(true)
  private let streak = Atomic<UInt64>(0)
  private let machine = Locked(BreakerMachine())
  private let errors: BreakerWindow
  private let slowness: BreakerWindow?
  private let events: UpstreamEvents
  private let opened = Atomic<UInt64>(0)
  private let refused = Atomic<UInt64>(0)

  init(_ rule: BreakerRule, events: UpstreamEvents) {
    self.rule = rule
    self.events = events
    errors = BreakerWindow(milliseconds: rule.window)
    slowness = rule.slow == nil ? nil : BreakerWindow(milliseconds: rule.window)
  }

  package var state: BreakerState { machine.withLock { $0.name } }
  /// Times that it opened since the start.
  package var openedCount: UInt64 { opened.load(ordering: .relaxed) }
  package var refusedCount: UInt64 { refused.load(ordering: .relaxed) }

  func admit(at now: Instant) -> BreakerMachine.Admission {
    if isClosed.load(ordering: .relaxed) { return .pass }
    let admission = change { $0.admit(at: now, by: rule) }
    if case .refuse = admission { refused.wrappingAdd(1, ordering: .relaxed) }
    return admission
  }

  /// A try that was admitted has ended.
  ///
  /// - Parameter isGood: nil when its client left, which says nothing.
  func ended(
    _ admission: BreakerMachine.Admission, isGood: Bool?, after nanoseconds: UInt64,
    at now: Instant
  ) {
    let isSlow = rule.slow.map { nanoseconds >= $0.milliseconds &* 1_000_000 } ?? false
    switch admission {
    case .refuse: return
    case .probe(let round):
      change {
        $0.probeEnded(round, isGood: isGood.map { $0 && !isSlow }, at: now, by: rule)
      }
    case .pass:
      guard let isGood else { return }
      errors.add(isFailure: !isGood, at: now)
      slowness?.add(isFailure: isSlow, at: now)
      if isGood, streak.load(ordering: .relaxed) != 0 { streak.store(0, ordering: .relaxed) }
      let row = isGood ? 0 : streak.wrappingAdd(1, ordering: .relaxed).newValue
      if !isGood || isSlow, isTooMuch(row, at: now) { trip(at: now) }
    }
  }

  private func isTooMuch(_ row: UInt64, at now: Instant) -> Bool {
    if rule.consecutive > 0, row >= rule.consecutive { return true }
    if isOver(errors.sum(at: now), rule.errorShare) { return true }
    guard let slowness, let slow = rule.slow else { return false }
    return isOver(slowness.sum(at: now), slow.share)
  }

  private func isOver(_ sum: (tries: UInt64, failures: UInt64), _ share: UInt64) -> Bool {
    // Counts have 26 bits and shares 20: the products fit.
    sum.tries >= rule.requestsMin && sum.failures > 0
      && sum.failures &* 1_000_000 >= sum.tries &* share
  }

  private func trip(at now: Instant) { change { _ = $0.trip(at: now, by: rule) } }

  /// Lets an event change the machine, and tells when the state is another one after it.
  private func change<R: Sendable>(_ event: (inout BreakerMachine) -> R) -> R {
    machine.withLock { machine in
      let before = machine.name
      let result = event(&machine)
      let after = machine.name
      guard before != after else { return result }
      isClosed.store(after == .closed, ordering: .relaxed)
      streak.store(0, ordering: .relaxed)
      errors.clear()
      slowness?.clear()
      if after == .open { opened.wrappingAdd(1, ordering: .relaxed) }
      events.add(UpstreamEvent(server: "", change: .breaker(from: before, to: after)))
      return result
    }
  }
}
