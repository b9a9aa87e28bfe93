// How much callers may take: every `limit` that holds for a request takes tokens from its bucket,
// all of them or none. RFC 6585 section 4 (429), draft-ietf-httpapi-ratelimit-headers-10.

import Buckets
import Bytes
import Configuration
import HTTPMessage
import PolicyChain
import Telemetry

/// The limits of one route: one admission for all, so that a refusal by one drains no other.
package final class Limits: Admission, Egress {
  package static let registration = Registration(
    .beforeIdentity, allOf: LimitDirectives.limit
  ) { settings, context in
    let policy = Limits(settings, context)
    return PolicyParts(admission: policy, egress: policy)
  }

  /// One policy of one bucket, and how it is told to clients.
  private struct Rule {
    let key: BucketKey
    /// The bucket's name, for the log.
    let bucket: [UInt8]
    /// The policy's name as a string of structured fields and of JSON: names have no character
    /// that either would escape.
    let quotedName: [UInt8]
    let metric: UInt16
    let tokensMax: UInt64
    let isShadow: Bool
    let hasLegacyFields: Bool
  }

  /// In the order of `charges`.
  private let rules: ContiguousArray<Rule>
  private let charges: Charges
  /// RateLimit-Policy, which is the same for every answer.
  private let policyField: FieldBlock
  private var scratch = Output(capacity: 256)

  package init(_ settings: [RequestLimitSettings], _ context: ChainContext) {
    var made: [(rule: Rule, charge: Charge)] = []
    for limit in settings {
      guard let bucket = context.buckets[limit.bucket] else {
        preconditionFailure("A limit names a bucket, which the config is checked for.")
      }
      let key = BucketKey(bucket, parameterNames: context.parameterNames)
      for meter in bucket.meters {
        made.append((Self.rule(limit, bucket, meter, key), Self.charge(limit, meter)))
      }
    }
    made.sort { Charges.stands($0.charge.bucket, before: $1.charge.bucket) }
    rules = ContiguousArray(made.map(\.rule))
    charges = Charges(made.map(\.charge))
    policyField = Self.policyField(made)
  }

  private static func rule(
    _ limit: RequestLimitSettings, _ bucket: SharedBucket, _ meter: SharedBucket.MeteredBucket,
    _ key: BucketKey
  ) -> Rule {
    Rule(
      key: key, bucket: Array(limit.bucket.utf8), quotedName: Array("\"\(meter.policy)\"".utf8),
      metric: bucket.metric, tokensMax: meter.counts.meter.tokensMax, isShadow: limit.isShadow,
      hasLegacyFields: limit.hasLegacyFields)
  }

  private static func charge(
    _ limit: RequestLimitSettings, _ meter: SharedBucket.MeteredBucket
  ) -> Charge {
    Charge(meter.counts, tokens: UInt64(limit.cost), isShadow: limit.isShadow)
  }

  private static func policyField(_ made: [(rule: Rule, charge: Charge)]) -> FieldBlock {
    let members = made.map { rule, charge in
      let meter = charge.bucket.meter
      return String(decoding: rule.quotedName, as: UTF8.self)
        + ";q=\(meter.tokensMax);w=\(meter.fillSeconds)"
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
    var outcomes = Charges.Outcomes(repeating: ChargeOutcome())
    for index in rules.indices { outcomes[index].key = rules[index].key.hash(of: exchange) }
    let now = MeterTime(
      monotonicMicroseconds: exchange.waiter.now.nanoseconds / 1000,
      wallMilliseconds: exchange.wallMilliseconds)
    let passes = charges.decide(at: now, &outcomes)
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
    let kept = exchange.request.fields.keep { Self.append(rules, outcomes, to: &$0) }
    guard let kept else { throw .noRoomForFields }
    exchange.rateLimit = kept
    for index in rules.indices where rules[index].hasLegacyFields {
      keepTightest(rules[index], outcomes[index], in: exchange)
    }
  }

  private static func append(
    _ rules: ContiguousArray<Rule>, _ outcomes: Charges.Outcomes, to output: inout Output
  ) {
    for index in rules.indices {
      if index > 0 { output.append(", ") }
      output.append(rules[index].quotedName)
      output.append(";r=")
      output.append(decimal: outcomes[index].remaining)
      output.append(";t=")
      output.append(decimal: outcomes[index].seconds)
    }
  }

  /// The older fields have room for one limit: the one with the least left.
  private func keepTightest(_ rule: Rule, _ outcome: ChargeOutcome, in exchange: Exchange) {
    let tightest = exchange.tightestLimit
    guard tightest.tokensMax == 0 || outcome.remaining < tightest.remaining else { return }
    exchange.tightestLimit = ExchangeState.TightestLimit(
      tokensMax: rule.tokensMax, remaining: outcome.remaining, seconds: outcome.seconds)
  }

  private func count(
    _ rule: Rule, _ outcome: ChargeOutcome, passes: Bool, _ exchange: Exchange
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
    let kept = exchange.request.fields.keep { output in
      var isFirst = true
      for index in rules.indices where !outcomes[index].isPassed && !rules[index].isShadow {
        if !isFirst { output.append(",") }
        isFirst = false
        output.append(rules[index].quotedName)
        exchange.retryAfter = max(exchange.retryAfter, outcomes[index].seconds, 1)
      }
    }
    guard let kept else { throw .noRoomForFields }
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
