// A histogram as it is read: counts per bucket and the sum of all values.

/// Durations by bucket. Counts are per bucket, not cumulative; the exposition adds them up.
package struct Histogram: Sendable, Equatable {
  package var counts: [UInt64]
  /// Nanoseconds of all values together.
  package var sum: UInt64 = 0

  package init(_ scale: BucketScale) { counts = Array(repeating: 0, count: scale.bucketCount) }

  package var count: UInt64 { counts.reduce(0, &+) }

  package mutating func add(_ other: Histogram) {
    precondition(counts.count == other.counts.count, "Only histograms of one scale are added up.")
    for index in counts.indices { counts[index] &+= other.counts[index] }
    sum &+= other.sum
  }
}
