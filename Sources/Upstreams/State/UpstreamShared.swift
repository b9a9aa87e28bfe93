// What all workers share of one upstream. It is kept by the upstream's name over reloads, so that a
// new config does not make a bad server good again.

import Bytes
import Engine
import Synchronization

/// The process-wide state of an upstream.
package final class UpstreamShared: Sendable {
  /// Connections of all workers; touched when one opens or closes, not per request.
  package let openConnections = Atomic<Int>(0)
  private let states = Locked<[String: ServerState]>([:])
  /// Pools that may give up idle connections.
  let lenders = IdleLenders()
  private let ejections = Locked(EjectionBook())
  private let budget = Locked(RetryBudget())
  private let retries = InlineArray<4, Atomic<UInt64>> { _ in Atomic(0) }
  private let retriesDenied = Atomic<UInt64>(0)
  /// Tries at servers that are forgotten, so that the sum of all never falls.
  private let departedTries = Atomic<UInt64>(0)
  private let fallbacks = Atomic<UInt64>(0)
  private let copies = InlineArray<3, Atomic<UInt64>> { _ in Atomic(0) }
  private let present = Locked<Breaker?>(nil)
  /// What happened to servers, until Control has told it.
  package let events = UpstreamEvents()

  package init() {}

  /// The state of a server, the same for every worker and generation.
  func server(_ name: String) -> ServerState {
    states.withLock { states in
      if let known = states[name] { return known }
      let fresh = ServerState(name: name)
      states[name] = fresh
      return fresh
    }
  }

  /// The state of a server that is known, for those who only look.
  package func known(_ name: String) -> ServerState? { states.withLock { $0[name] } }

  /// Takes servers that nobody has checked yet for what `start=` says.
  package func prepare(_ names: [String], by rule: HealthRule, at now: Instant) {
    for name in names {
      let state = server(name)
      guard state.health == .unknown else { continue }
      state.found(rule.startsHealthy ? .healthy : .unhealthy, at: now)
    }
  }

  /// Servers that are found while others serve: they begin slowly, like those that come back.
  package func join(_ names: [String], at now: Instant) {
    for name in names where known(name) == nil { server(name).join(at: now) }
  }

  /// Nobody checks the servers any more.
  package func endChecks() {
    states.withLock { states in for state in states.values { state.forgetChecks() } }
  }

  /// Forgets servers that no config has any more. Connections to them keep what they hold.
  package func forget(except names: Set<String>) {
    let gone = states.withLock { states in
      let gone = states.filter { !names.contains($0.key) }
      states = states.filter { names.contains($0.key) }
      return gone.values.reduce(0) { $0 &+ $1.begunCount }
    }
    departedTries.wrappingAdd(gone, ordering: .relaxed)
    ejections.withLock { $0.forget(except: names) }
  }

  /// Ejects a server for bad answers, unless too many are out already.
  ///
  /// - Parameter serverCount: servers of the upstream, in and out.
  func eject(
    _ server: ServerState, for cause: UpstreamEvent.Cause, of serverCount: Int,
    by rule: OutlierRule, at now: Instant
  ) {
    let end = ejections.withLock { book in
      book.eject(server.name, of: serverCount, by: rule, at: now)
    }
    // Its next failures count anew either way.
    server.forgetStreak()
    guard let end else { return }
    server.leaveOut(until: end)
    events.add(
      UpstreamEvent(
        server: server.name,
        change: .ejected(cause, milliseconds: end.since(now) / 1_000_000)))
  }

  /// Ejections of a server since the start.
  package func ejectionCount(of server: String) -> UInt64 {
    ejections.withLock { $0.total(of: server) }
  }

  // MARK: Retries

  /// All tries at all servers since the start.
  private var tries: UInt64 {
    let present = states.withLock { states in states.values.reduce(0) { $0 &+ $1.begunCount } }
    return present &+ departedTries.load(ordering: .relaxed)
  }

  /// Moves the window of the retry budget on. Called a few times a second.
  package func sampleRetries(at now: Instant) {
    let tries = tries
    budget.withLock { $0.sample(tries: tries, at: now) }
  }

  /// Whether one more retry fits into the budget, which is counted then.
  func permitRetry(for cause: RetryRule.Cause, share: UInt64, at now: Instant) -> Bool {
    let tries = tries
    guard budget.withLock({ $0.permit(share: share, tries: tries, at: now) }) else {
      retriesDenied.wrappingAdd(1, ordering: .relaxed)
      return false
    }
    retries[cause.rawValue].wrappingAdd(1, ordering: .relaxed)
    return true
  }

  package func retryCount(for cause: RetryRule.Cause) -> UInt64 {
    retries[cause.rawValue].load(ordering: .relaxed)
  }

  /// Retries that the budget did not allow.
  package var deniedRetryCount: UInt64 { retriesDenied.load(ordering: .relaxed) }

  // MARK: Breaker

  /// The breaker of this rule: the same one, in its state, as long as the rule stays.
  func breaker(by rule: BreakerRule?) -> Breaker? {
    present.withLock { present in
      if present?.rule != rule { present = rule.map { Breaker($0, events: events) } }
      return present
    }
  }

  /// The breaker that acts, if there is one.
  package var breaker: Breaker? { present.withLock { $0 } }
  /// A route's fallback answers in place of this upstream.
  func fellBack() { fallbacks.wrappingAdd(1, ordering: .relaxed) }
  package var fallbackCount: UInt64 { fallbacks.load(ordering: .relaxed) }

  // MARK: Copies

  /// What became of a copy of a request.
  package enum CopyOutcome: Int, Sendable, CaseIterable {
    case sent, failed, dropped

    /// As metrics name it.
    package var name: String { "\(self)" }
  }

  func mirrored(_ outcome: CopyOutcome) {
    copies[outcome.rawValue].wrappingAdd(1, ordering: .relaxed)
  }

  package func copyCount(_ outcome: CopyOutcome) -> UInt64 {
    copies[outcome.rawValue].load(ordering: .relaxed)
  }
}
