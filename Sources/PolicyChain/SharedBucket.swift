// A bucket of the config as a chain uses it: its counts are shared by all workers.

import Buckets
import Configuration

/// A bucket with its counts, which outlive a reload that leaves it as it is.
package struct SharedBucket: Sendable {
  package let settings: BucketSettings
  /// Its id in the metrics.
  package let metric: UInt16
  /// The seed of the hashes that stand for its keys.
  package let seed: HashSeed
  /// Of a second hash, for a store that others write to as well.
  package let furtherSeed: HashSeed
  package let onFailure: StoreFailureMode
  /// The counts of its rate, of its quota, or of both.
  package let meters: [MeteredBucket]
  /// The same for callers of a tier, by its name: the quota is the one of all.
  private let tiers: [String: [MeteredBucket]]

  /// The counts for callers of a tier; of no tier, the bucket's own.
  package func meters(ofTier tier: String?) -> [MeteredBucket] {
    tier.flatMap { tiers[$0] } ?? meters
  }

  /// One of a bucket's policies, by the name that RateLimit fields give it.
  package struct MeteredBucket: Sendable {
    package let policy: String
    package let counts: LocalBucket
  }

  package init(
    _ settings: BucketSettings, metric: UInt16, seed: HashSeed, furtherSeed: HashSeed,
    onFailure: StoreFailureMode
  ) {
    self.furtherSeed = furtherSeed
    self.onFailure = onFailure
    self.settings = settings
    self.metric = metric
    self.seed = seed
    let rate = settings.rate.map {
      Self.metered(settings.name, $0, burst: settings.burst)
    }
    let quota = settings.quota.map { Self.metered(settings, quota: $0) }
    meters = [rate, quota].compactMap { $0 }
    tiers = Dictionary(
      uniqueKeysWithValues: settings.tiers.map { tier in
        let own = Self.metered(settings.name, tier.rate, burst: tier.burst)
        return (tier.name, [own, quota].compactMap { $0 })
      })
  }

  private static func metered(_ name: String, _ rate: Rate, burst: Int?) -> MeteredBucket {
    let meter = Meter(
      count: UInt64(rate.count), periodMilliseconds: UInt64(rate.period.span.milliseconds),
      burst: UInt64(burst ?? rate.count))
    guard let meter else { preconditionFailure("A rate is checked when it is read.") }
    return MeteredBucket(policy: name, counts: LocalBucket(meter))
  }

  private static func metered(_ settings: BucketSettings, quota: Rate) -> MeteredBucket {
    let meter = Meter(
      quota: UInt64(quota.count), windowMilliseconds: UInt64(quota.period.span.milliseconds))
    guard let meter else { preconditionFailure("A quota is a positive number.") }
    let name = settings.rate == nil ? settings.name : settings.name + "-quota"
    return MeteredBucket(policy: name, counts: LocalBucket(meter))
  }
}
