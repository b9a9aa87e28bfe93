// The counts of all buckets, which all workers share and which outlive a reload.

import Buckets
import Configuration
import PolicyChain

/// The buckets of the config that is served.
struct BucketRegistry {
  private(set) var shared: [String: SharedBucket] = [:]
  /// One for the whole process, so that a reload finds its keys again.
  private let seed = HashSeed(first: .random(in: 0 ... .max), second: .random(in: 0 ... .max))

  /// Goes on with the buckets of another config. One whose statement is the same keeps its counts;
  /// one that changed starts full, since its tokens are worth something else.
  mutating func adopt(_ settings: [BucketSettings], ids compiler: inout BlueprintCompiler) {
    var next: [String: SharedBucket] = [:]
    for bucket in settings {
      if let kept = shared[bucket.name], kept.settings == bucket {
        next[bucket.name] = kept
      } else {
        next[bucket.name] = SharedBucket(
          bucket, metric: compiler.bucketMetric(bucket.name), seed: seed)
      }
    }
    shared = next
  }
}
