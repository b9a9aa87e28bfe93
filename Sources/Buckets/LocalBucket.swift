// A bucket that this process counts alone, exact over all workers: its keys stand in shards, each
// behind its own lock, which is held for some dozens of instructions.

import Bytes
import Synchronization

/// The counts of one bucket in memory.
public final class LocalBucket: Sendable {
  /// Locks: so many that two workers seldom want the same one.
  public static let shardCount = 32
  /// Keys that are told apart at a time: 24 MiB when all are in use. What comes on top replaces
  /// the keys that have the most left, in their set of eight.
  public static let keysMax = 1 << 20

  public let meter: Meter
  /// Locks of several buckets are taken in this order, so that no two requests wait for each other.
  let order: UInt64
  private let shards: InlineArray<32, Locked<KeyTable>>
  private static let orders = Atomic<UInt64>(0)

  public init(_ meter: Meter) {
    self.meter = meter
    order = Self.orders.wrappingAdd(1, ordering: .relaxed).newValue
    shards = InlineArray { _ in
      Locked(KeyTable(meter: meter, setsMax: Self.keysMax / Self.shardCount / KeyTable.ways))
    }
  }

  /// Slots that are allocated: each takes 24 bytes.
  public var slotCount: Int {
    var count = 0
    for index in shards.indices { count += shards[index].withLock { $0.slotCount } }
    return count
  }

  /// Runs with the table of the key's shard.
  @inline(__always)
  func withTable<Result>(of key: UInt64, _ body: (inout KeyTable) -> Result) -> Result {
    shards[Int(truncatingIfNeeded: key) & (Self.shardCount - 1)].withLock { body(&$0) }
  }
}
