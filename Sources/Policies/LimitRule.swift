// One policy of one bucket on a route: what a request pays there, and how it is told to clients.

import Buckets
import Bytes
import Configuration
import PolicyChain

/// A `limit` statement with one of its bucket's meters.
struct LimitRule {
  let key: RequestKeyHash
  /// The bucket's name, for the log.
  let bucket: [UInt8]
  /// The policy's name as a string of structured fields and of JSON: names have no character that
  /// either would escape.
  let quotedName: [UInt8]
  let metric: UInt16
  let isShadow: Bool
  let hasLegacyFields: Bool
  /// The bucket in this process: its counts, or its share while its store is away.
  let charge: Charge
  /// The redis that counts; nil when this process does.
  let store: String?
  let onFailure: StoreFailureMode
  /// What the store is asked, but for the key.
  let question: BucketQuestion
  private let furtherSeed: HashSeed

  var meter: Meter { charge.bucket.meter }

  init(
    _ limit: RequestLimitSettings, _ bucket: SharedBucket, _ metered: SharedBucket.MeteredBucket,
    parameterNames: [String]
  ) {
    key = RequestKeyHash(
      of: bucket.settings.key, orElse: bucket.settings.fallbackKey, seed: bucket.seed,
      parameterNames: parameterNames)
    self.bucket = Array(limit.bucket.utf8)
    quotedName = Array("\"\(metered.policy)\"".utf8)
    metric = bucket.metric
    isShadow = limit.isShadow
    hasLegacyFields = limit.hasLegacyFields
    charge = Charge(metered.counts, tokens: UInt64(limit.cost), isShadow: limit.isShadow)
    if case .redis(let name) = bucket.settings.store { store = name } else { store = nil }
    onFailure = bucket.onFailure
    furtherSeed = bucket.furtherSeed
    let meter = metered.counts.meter
    // Another rate makes another bucket: its tokens are worth something else.
    question = BucketQuestion(
      meter: meter,
      name: Array("\(metered.policy):\(meter.capacity):\(meter.unitsPerMicrosecond)".utf8),
      key: (0, 0), units: charge.units, isShadow: limit.isShadow)
  }

  /// What the store is asked about a request whose key has that hash.
  func question(for hash: UInt64, of exchange: Exchange) -> BucketQuestion {
    var question = question
    question.key = (hash, key.hash(of: exchange, furtherSeed))
    return question
  }

  /// Rules in the order in which they are decided: here, in the store with a share here, in the
  /// store alone; within these as the locks of their buckets are taken.
  static func stands(_ left: LimitRule, before right: LimitRule) -> Bool {
    if left.rank != right.rank { return left.rank < right.rank }
    return Charges.stands(left.charge.bucket, before: right.charge.bucket)
  }

  private var rank: Int {
    store == nil ? 0 : onFailure == .local ? 1 : 2
  }
}
