// How much callers may take: every `limit` that holds for a request takes tokens from its bucket,
// all of them or none. RFC 6585 section 4 (429), draft-ietf-httpapi-ratelimit-headers-10.

import Buckets
import Bytes
import Configuration
import HTTPMessage
import PolicyChain
import Telemetry

/// The limits of one route: one decision for all, so that a refusal by one drains no other.
package final class Limits: Deliberation, Egress {
  /// Those whose keys need no identity.
  package static let registration = Registration(
    .beforeIdentity, allOf: LimitDirectives.limit
  ) { settings, context in
    parts(settings.filter { !isOfCaller($0, context) }, context)
  }

  /// Those that count callers.
  package static let ofCallers = Registration(
    .afterIdentity, allOf: LimitDirectives.limit
  ) { settings, context in
    parts(settings.filter { isOfCaller($0, context) }, context)
  }

  private static func isOfCaller(
    _ limit: RequestLimitSettings, _ context: ChainContext
  ) -> Bool {
    context.buckets[limit.bucket]?.settings.needsIdentity ?? false
  }

  private static func parts(
    _ settings: [RequestLimitSettings], _ context: ChainContext
  ) -> PolicyParts {
    guard !settings.isEmpty else { return PolicyParts() }
    if let tiered = TieredLimits(settings, context) { return tiered.parts }
    let policy = Limits(settings, context, tiers: [:])
    // Only what a store counts has to be waited for.
    return policy.store == nil
      ? PolicyParts(admission: policy, egress: policy)
      : PolicyParts(deliberation: policy, egress: policy)
  }

  let rules: ContiguousArray<LimitRule>
  /// Where the rules begin that a store decides.
  let storedFrom: Int
  /// What this process counts.
  let charges: Charges
  /// What it counts while the store is away.
  let shares: Charges
  let store: (any LimitStore)?
  /// Whether nobody passes while the store is away.
  let deniesWhenAway: Bool
  /// RateLimit-Policy, which is the same for every answer.
  private let policyField: FieldBlock
  private var scratch = Output(capacity: 256)

  /// - Parameter tiers: the tier that callers are of, by the bucket that has tiers.
  package init(
    _ settings: [RequestLimitSettings], _ context: ChainContext, tiers: [String: String]
  ) {
    var rules: [LimitRule] = []
    for limit in settings {
      guard let bucket = context.buckets[limit.bucket] else {
        preconditionFailure("A limit names a bucket, which the config is checked for.")
      }
      for metered in bucket.meters(ofTier: tiers[limit.bucket]) {
        rules.append(
          LimitRule(limit, bucket, metered, parameterNames: context.parameterNames))
      }
    }
    rules.sort(by: LimitRule.stands)
    self.rules = ContiguousArray(rules)
    storedFrom = rules.firstIndex { $0.store != nil } ?? rules.count
    charges = Charges(rules[..<storedFrom].map(\.charge))
    let stored = rules[storedFrom...]
    shares = Charges(
      stored.filter { $0.onFailure == .local }.map(\.charge), offset: storedFrom)
    deniesWhenAway = stored.contains { $0.onFailure == .deny }
    store = stored.first.flatMap { $0.store }.flatMap { context.stores[$0] }
    policyField = Self.policyField(rules)
  }

  private static func policyField(_ rules: [LimitRule]) -> FieldBlock {
    let members = rules.map { rule in
      String(decoding: rule.quotedName, as: UTF8.self)
        + ";q=\(rule.meter.tokensMax);w=\(rule.meter.fillSeconds)"
    }
    var block = FieldBlock()
    let isAdded = block.add(
      name: KnownField.rateLimitPolicy.name.bytes,
      value: members.joined(separator: ", ").utf8Span.span)
    precondition(isAdded, "Names of buckets are letters, digits and '-'.")
    return block
  }

  // MARK: The request

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    if let store, store.isReachable, !isRefusedStill(exchange, store) { return .pending }
    var outcomes = hashes(of: exchange)
    let now = time(of: exchange)
    if let store, store.isReachable {
      tellRefusals(store, exchange, &outcomes)
      return try conclude(outcomes, passes: false, exchange)
    }
    guard charges.decide(at: now, &outcomes) else {
      return try conclude(outcomes, passes: false, exchange)
    }
    guard let store else { return try conclude(outcomes, passes: true, exchange) }
    return try decideWithout(store, at: now, &outcomes, exchange)
  }

  func hashes(of exchange: Exchange) -> Charges.Outcomes {
    var outcomes = Charges.Outcomes(repeating: ChargeOutcome())
    for index in rules.indices { outcomes[index].key = rules[index].key.hash(of: exchange) }
    return outcomes
  }

  func time(of exchange: Exchange) -> MeterTime {
    MeterTime(
      monotonicMicroseconds: exchange.waiter.now.nanoseconds / 1000,
      wallMilliseconds: exchange.wallMilliseconds)
  }

  /// Tells what came of a request, to the client, the log and the metrics.
  func conclude(
    _ outcomes: Charges.Outcomes, passes: Bool, _ exchange: Exchange
  ) throws(Failure) -> Verdict {
    try keep(outcomes, in: exchange)
    for index in rules.indices {
      count(rules[index], outcomes[index], passes: passes, exchange)
    }
    guard !passes else { return .pass }
    try keepViolations(outcomes, in: exchange)
    throw .refused(.quotaExceeded)
  }

  /// Keeps what RateLimit says until the answer's head is written: the answer to this request tells
  /// what this request has left.
  private func keep(_ outcomes: Charges.Outcomes, in exchange: Exchange) throws(Failure) {
    let rules = rules
    // What limits in front of the identity have said stands first.
    let request = exchange.request
    let earlier = exchange.rateLimit.isEmpty ? [] : request.text(exchange.rateLimit).array
    let kept = exchange.request.fields.keep { output in
      if !earlier.isEmpty {
        output.append(earlier)
        output.append(", ")
      }
      Self.append(rules, outcomes, to: &output)
    }
    guard let kept else { throw .noRoomForFields }
    exchange.rateLimit = kept
    for index in rules.indices where rules[index].hasLegacyFields && outcomes[index].isKnown {
      keepTightest(rules[index], outcomes[index], in: exchange)
    }
  }

  private static func append(
    _ rules: ContiguousArray<LimitRule>, _ outcomes: Charges.Outcomes, to output: inout Output
  ) {
    var isFirst = true
    for index in rules.indices where outcomes[index].isKnown {
      if !isFirst { output.append(", ") }
      isFirst = false
      output.append(rules[index].quotedName)
      output.append(";r=")
      output.append(decimal: outcomes[index].remaining)
      output.append(";t=")
      output.append(decimal: outcomes[index].seconds)
    }
  }

  /// The older fields have room for one limit: the one with the least left.
  private func keepTightest(_ rule: LimitRule, _ outcome: ChargeOutcome, in exchange: Exchange) {
    let tightest = exchange.tightestLimit
    guard tightest.tokensMax == 0 || outcome.remaining < tightest.remaining else { return }
    exchange.tightestLimit = ExchangeState.TightestLimit(
      tokensMax: rule.meter.tokensMax, remaining: outcome.remaining, seconds: outcome.seconds)
  }

  private func count(
    _ rule: LimitRule, _ outcome: ChargeOutcome, passes: Bool, _ exchange: Exchange
  ) {
    if outcome.isPassed {
      // Where another limit refused, nothing was decided here.
      if passes { exchange.services.metrics.limitDecided(bucket: rule.metric, .allowed) }
      return
    }
    exchange.services.metrics.limitDecided(
      bucket: rule.metric, rule.isShadow ? .wouldRefuse : .refused)
    if rule.isShadow { exchange.wouldDeny = true }
    if exchange.limitName.isEmpty {
      // Without room for the name the line lacks it; the fields of the answer need none.
      exchange.limitName = exchange.request.fields.keep(rule.bucket.span) ?? .empty
    }
  }

  /// Which limits refused, and when it is worth to come again.
  private func keepViolations(
    _ outcomes: Charges.Outcomes, in exchange: Exchange
  ) throws(Failure) {
    var retryAfter: UInt64 = 1
    let rules = rules
    let kept = exchange.request.fields.keep { output in
      var isFirst = true
      for index in rules.indices where !outcomes[index].isPassed && !rules[index].isShadow {
        if !isFirst { output.append(",") }
        isFirst = false
        output.append(rules[index].quotedName)
        retryAfter = max(retryAfter, outcomes[index].seconds)
      }
    }
    guard let kept else { throw .noRoomForFields }
    exchange.retryAfter = retryAfter
    exchange.violatedPolicies = kept
  }

  // MARK: The answer

  /// On every answer of the route; one that was refused before the limits has only the policy.
  package func egress(_ exchange: Exchange) {
    exchange.render(policyField)
    let fields = exchange.response.fields
    // What the upstream says about its own limits is not what holds at this edge.
    fields.remove(.rateLimit)
    guard !exchange.rateLimit.isEmpty else { return }
    let request = exchange.request
    exchange.add(
      .rateLimit, name: KnownField.rateLimit.name.bytes, value: request.text(exchange.rateLimit))
    let tightest = exchange.tightestLimit
    guard tightest.tokensMax > 0 else { return }
    add(.xRateLimitLimit, tightest.tokensMax, to: exchange)
    add(.xRateLimitRemaining, tightest.remaining, to: exchange)
    add(.xRateLimitReset, tightest.seconds, to: exchange)
  }

  private func add(_ field: KnownField, _ number: UInt64, to exchange: Exchange) {
    scratch.clear()
    scratch.append(decimal: number)
    exchange.response.fields.remove(field)
    exchange.add(field, scratch)
  }
}
