// A store of buckets that several gateways share, as the limits see it. Gateway plugs the real one
// in, tests plug fakes in.

import Buckets

/// What is asked of a store about one bucket.
package struct BucketQuestion: Sendable {
  package let meter: Meter
  /// The name under which the bucket's counts stand.
  package let name: [UInt8]
  /// The hash of the key, in two words: nobody can find another key of the same.
  package var key: (UInt64, UInt64)
  /// What the request costs, in the meter's units.
  package let units: UInt64
  /// A limit that only watches refuses nothing.
  package let isShadow: Bool

  package init(
    meter: Meter, name: [UInt8], key: (UInt64, UInt64), units: UInt64, isShadow: Bool
  ) {
    self.meter = meter
    self.name = name
    self.key = key
    self.units = units
    self.isShadow = isShadow
  }
}

/// What a store says of one bucket.
package struct BucketAnswer: Sendable, BitwiseCopyable {
  /// Units that are left.
  package let level: UInt64
  /// Whether the bucket had what the request costs.
  package let hasEnough: Bool

  package init(level: UInt64, hasEnough: Bool) {
    self.level = level
    self.hasEnough = hasEnough
  }
}

/// A decision about all buckets of a request: all were taken from, or none.
package struct StoreDecision: Sendable {
  package let passes: Bool
  /// The store's own clock: that of the gateways does not matter.
  package let time: MeterTime
  package let answers: [BucketAnswer]

  package init(passes: Bool, time: MeterTime, answers: [BucketAnswer]) {
    self.passes = passes
    self.time = time
    self.answers = answers
  }
}

/// One worker's way to a store.
package protocol LimitStore: AnyObject {
  /// False while the store is away: then nothing is asked, and nobody waits.
  var isReachable: Bool { get }
  /// Gateways that share the store, as far as it was reachable; at least one.
  var gatewayCount: UInt64 { get }
  /// Keys that it has refused lately.
  var refusals: RefusedKeys { get }
  /// Asks about all buckets at once. Nil when there is no answer in time.
  func decide(_ questions: [BucketQuestion], for exchange: Exchange) async -> StoreDecision?
}
