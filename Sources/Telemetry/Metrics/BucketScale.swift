// From a duration to its histogram bucket without a search: a table by the number's bit length
// names the first bucket in question, and at most two bounds lie within one doubling.

/// The upper bounds of a histogram's buckets, in nanoseconds; one more bucket takes what is over
/// the last.
///
/// A class, since its tables are large and every histogram has one: a copy is a reference.
package final class BucketScale: Sendable {
  /// Buckets that a scale has at most, the last and unbounded one included.
  package static let bucketsMax = 24

  package let bounds: [UInt64]
  // Inline copies, so that the index is computed without an array's header.
  private let padded: InlineArray<26, UInt64>
  private let first: InlineArray<65, UInt8>

  /// - Parameter bounds: ascending, above zero, no more than two within one doubling.
  package init(bounds: [UInt64]) {
    precondition(bounds.count < Self.bucketsMax, "A scale has at most 24 buckets.")
    self.bounds = bounds
    padded = InlineArray { $0 < bounds.count ? bounds[$0] : .max }
    var first = InlineArray<65, UInt8>(repeating: 0)
    for length in 0...64 {
      let least: UInt64 = length == 0 ? 0 : 1 << UInt64(length - 1)
      let start = bounds.firstIndex { $0 >= least } ?? bounds.count
      first[length] = UInt8(start)
      precondition(
        start + 2 >= bounds.count || bounds[start + 2] / 2 >= least,
        "At most two bounds lie within one doubling.")
    }
    self.first = first
  }

  package var bucketCount: Int { bounds.count + 1 }

  /// The bucket of a value: the first whose bound is not below it.
  package func index(of value: UInt64) -> Int {
    let start = Int(first[64 - value.leadingZeroBitCount])
    return start + (value > padded[start] ? 1 : 0) + (value > padded[start + 1] ? 1 : 0)
  }

  /// The buckets that OpenTelemetry's semantic conventions give for request durations.
  package static let requestDuration = BucketScale(
    bounds: milliseconds([
      5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000,
    ]))

  /// From one microsecond on: what the gateway itself adds is tens of microseconds.
  package static let overhead = BucketScale(bounds: [
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000,
    5_000_000, 10_000_000, 50_000_000, 100_000_000, 1_000_000_000,
  ])

  private static func milliseconds(_ values: [UInt64]) -> [UInt64] { values.map { $0 * 1_000_000 } }
}
