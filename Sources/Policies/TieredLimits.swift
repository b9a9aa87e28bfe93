// Limits whose rates depend on the tier of the caller: for each tier a set of limits as if there
// were no other, chosen by a claim of who was proved to call.

import Configuration
import PolicyChain

/// The limits of one route for callers of several tiers.
package final class TieredLimits: Deliberation, Egress {
  /// A bucket with tiers: the claim, and its names for all but the bucket's own rate.
  private struct Choice {
    let bucket: String
    let claim: String
    let names: [String]
  }

  private let choices: [Choice]
  /// One for each combination of tiers; the first is that of callers of none.
  private let variants: [Limits]
  private let waits: Bool

  /// Nil when no bucket of the limits has tiers.
  init?(_ settings: [RequestLimitSettings], _ context: ChainContext) {
    choices = settings.compactMap { limit in
      guard let bucket = context.buckets[limit.bucket]?.settings,
        case .claim(let claim)? = bucket.tier
      else { return nil }
      return Choice(bucket: limit.bucket, claim: claim, names: bucket.tiers.map(\.name))
    }
    guard !choices.isEmpty else { return nil }
    variants = Self.combinations(of: choices).map { Limits(settings, context, tiers: $0) }
    waits = variants.contains { $0.store != nil }
  }

  var parts: PolicyParts {
    waits
      ? PolicyParts(deliberation: self, egress: self)
      : PolicyParts(admission: self, egress: self)
  }

  /// The tiers by bucket, counted up like digits, the first choice fastest.
  private static func combinations(of choices: [Choice]) -> [[String: String]] {
    var combinations: [[String: String]] = [[:]]
    for choice in choices {
      let tiers: [String?] = [nil] + choice.names.map(Optional.some)
      combinations = tiers.flatMap { tier in
        combinations.map { combination in
          var combination = combination
          combination[choice.bucket] = tier
          return combination
        }
      }
    }
    return combinations
  }

  /// What a caller is counted by: the same as long as it is the same caller.
  private func variant(for exchange: Exchange) -> Limits {
    var index = 0
    var step = 1
    for choice in choices {
      if case .text(let tier)? = exchange.principal?.claims[choice.claim],
        let place = choice.names.firstIndex(of: tier)
      {
        index += (place + 1) * step
      }
      step *= choice.names.count + 1
    }
    return variants[index]
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    try variant(for: exchange).admit(exchange)
  }

  package func decide(_ exchange: Exchange) async throws(Failure) -> Verdict {
    try await variant(for: exchange).decide(exchange)
  }

  package func egress(_ exchange: Exchange) { variant(for: exchange).egress(exchange) }
}
