// Limits whose buckets stand in a store: asked in one step for all of them, and what holds while it
// does not answer. Never a 5xx because of that, unless the config says `deny`.

import Buckets
import Configuration
import PolicyChain

extension Limits {
  /// Asks the store. What this process counts is taken first, and given back when the store
  /// refuses.
  package func decide(_ exchange: Exchange) async throws(Failure) -> Verdict {
    guard let store else { preconditionFailure("Only what a store counts is waited for.") }
    var outcomes = hashes(of: exchange)
    let now = time(of: exchange)
    guard charges.decide(at: now, &outcomes) else {
      return try conclude(outcomes, passes: false, exchange)
    }
    let questions = rules[storedFrom...].indices.map { index in
      rules[index].question(for: outcomes[index].key, of: exchange)
    }
    guard let decision = await store.decide(questions, for: exchange),
      decision.answers.count == questions.count
    else {
      return try decideWithout(store, at: now, &outcomes, exchange)
    }
    for (index, answer) in zip(storedFrom..., decision.answers) {
      outcomes[index].isPassed = answer.hasEnough
      outcomes[index].tell(
        rules[index].meter, answer.level,
        wanted: answer.hasEnough ? nil : rules[index].charge.units,
        tokensEach: 1, at: decision.time)
      if !answer.hasEnough {
        noteRefusal(rules[index], answer, decision, outcomes[index], store, exchange)
      }
    }
    if !decision.passes { charges.giveBack(at: now, outcomes) }
    return try conclude(outcomes, passes: decision.passes, exchange)
  }

  /// The store is away: what it would have counted is counted here, by this gateway's share, or let
  /// through, or refused.
  func decideWithout(
    _ store: any LimitStore, at now: MeterTime, _ outcomes: inout Charges.Outcomes,
    _ exchange: Exchange
  ) throws(Failure) -> Verdict {
    if deniesWhenAway {
      charges.giveBack(at: now, outcomes)
      exchange.retryAfter = 1
      throw Failure(.limitStoreUnavailable, origin: .gateway, retry: .safe)
    }
    let passes = shares.decide(at: now, sharers: store.gatewayCount, &outcomes)
    if !passes { charges.giveBack(at: now, outcomes) }
    return try conclude(outcomes, passes: passes, exchange)
  }

  // MARK: Hot keys

  /// Whether the store has refused this caller so lately that it would refuse again.
  func isRefusedStill(_ exchange: Exchange, _ store: any LimitStore) -> Bool {
    let now = exchange.waiter.now.nanoseconds
    for index in storedFrom..<rules.count where !rules[index].isShadow {
      let rule = rules[index]
      let key = rule.refusalKey(rule.key.hash(of: exchange))
      if store.refusals.seconds(for: key, units: rule.charge.units, now: now) > 0 { return true }
    }
    return false
  }

  func tellRefusals(
    _ store: any LimitStore, _ exchange: Exchange, _ outcomes: inout Charges.Outcomes
  ) {
    let now = exchange.waiter.now.nanoseconds
    for index in storedFrom..<rules.count where !rules[index].isShadow {
      let rule = rules[index]
      let seconds = store.refusals.seconds(
        for: rule.refusalKey(outcomes[index].key), units: rule.charge.units, now: now)
      guard seconds > 0 else { continue }
      outcomes[index].isPassed = false
      outcomes[index].isKnown = true
      outcomes[index].seconds = seconds
    }
  }

  private func noteRefusal(
    _ rule: LimitRule, _ answer: BucketAnswer, _ decision: StoreDecision,
    _ outcome: ChargeOutcome, _ store: any LimitStore, _ exchange: Exchange
  ) {
    guard !rule.isShadow else { return }
    let wait = rule.meter.nanoseconds(
      from: answer.level, to: rule.charge.units, at: decision.time)
    store.refusals.note(
      rule.refusalKey(outcome.key), units: rule.charge.units,
      until: exchange.waiter.now.nanoseconds + wait)
  }
}

extension LimitRule {
  /// Tells the policies of one bucket apart, and buckets of the same key.
  fileprivate func refusalKey(_ hash: UInt64) -> UInt64 {
    hash ^ (UInt64(metric) << 1 | (question.meter.windowMilliseconds > 0 ? 1 : 0))
      &* 0x9E37_79B9_7F4A_7C15
  }
}
