// The counts of all buckets, which all workers share and which outlive a reload.

import Buckets
import Bytes
import Configuration
import OpenSSL
import PolicyChain

/// The buckets of the config that is served.
struct BucketRegistry {
  private(set) var shared: [String: SharedBucket] = [:]
  /// One for the whole process, so that a reload finds its keys again.
  private let seed = HashSeed.random()

  /// Goes on with the buckets of another config. One whose statement is the same keeps its counts;
  /// one that changed starts full, since its tokens are worth something else.
  mutating func adopt(
    _ blueprint: Blueprint, _ stores: [RedisSettings], ids compiler: inout BlueprintCompiler,
    library: LibraryContext
  ) {
    var next: [String: SharedBucket] = [:]
    for bucket in blueprint.buckets {
      let store = stores.first { $0.name == bucket.store.description }
      let onFailure = bucket.onFailure ?? store?.onFailure ?? .local
      if let kept = shared[bucket.name], kept.settings == bucket, kept.onFailure == onFailure {
        next[bucket.name] = kept
      } else {
        let seeds = store.map { Self.seeds(of: $0, library) } ?? (seed, seed)
        next[bucket.name] = SharedBucket(
          bucket, metric: compiler.bucketMetric(bucket.name), seed: seeds.0,
          furtherSeed: seeds.1, onFailure: onFailure)
      }
    }
    shared = next
  }

  /// All gateways that share a store must give a key the same hash: the seeds come of the secret
  /// that they share with it. Without a password they are known to everyone, and then only the
  /// 128 bits of both hashes keep keys apart.
  private static func seeds(
    of store: RedisSettings, _ library: LibraryContext
  ) -> (HashSeed, HashSeed) {
    var text = Output(capacity: 128)
    text.append("sluice bucket keys:")
    store.password?.reveal { text.append($0) }
    let digest: Digest256
    do throws(CryptoError) {
      digest = try SHA256(library: library).digest(of: text.bytes)
    } catch {
      preconditionFailure("SHA-256 is always there: the library was loaded with it.")
    }
    func word(_ index: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 << 8 | UInt64(digest[index * 8 + $1]) }
    }
    return (
      HashSeed(first: word(0), second: word(1)), HashSeed(first: word(2), second: word(3))
    )
  }
}
