// All bulkheads of the process, by the place in the config where they are written: routes that
// inherit one share its places, on every worker, and over reloads.

import Buckets
import Bytes

/// Makes bulkheads, and finds them again.
package final class BulkheadRegistry: Sendable {
  private let made = Locked<[String: SharedBulkhead]>([:])
  /// Of the hashes that stand for keys.
  package let seed: HashSeed

  package init(seed: HashSeed) { self.seed = seed }

  /// The bulkhead of a place. One that exists goes on with the new numbers: requests of the config
  /// before are counted as long as they last.
  package func bulkhead(at place: String, placesMax: Int, queueMax: Int) -> SharedBulkhead {
    let (bulkhead, isNew) = made.withLock { made in
      if let found = made[place] { return (found, false) }
      let fresh = SharedBulkhead(place, placesMax: placesMax, queueMax: queueMax)
      made[place] = fresh
      return (fresh, true)
    }
    if !isNew { bulkhead.resize(placesMax: placesMax, queueMax: queueMax) }
    return bulkhead
  }

  /// What each has seen, by name. Those that a reload has dropped stay, as counters do.
  package var readings: [(name: String, counts: BulkheadCounts)] {
    let all = made.withLock { $0.values.sorted { $0.name < $1.name } }
    return all.map { ($0.name, $0.counts) }
  }
}
