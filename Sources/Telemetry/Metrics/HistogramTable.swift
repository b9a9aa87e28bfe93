// Histograms of one worker side by side in one array: recording is two additions by index.

struct HistogramTable: Sendable {
  let scale: BucketScale
  private let stride: Int
  private var cells: ContiguousArray<UInt64> = []

  init(scale: BucketScale) {
    self.scale = scale
    stride = scale.bucketCount + 1
  }

  var count: Int { cells.count / stride }

  /// Adds empty histograms until there are `count`.
  mutating func grow(to count: Int) {
    let missing = count * stride - cells.count
    if missing > 0 { cells.append(contentsOf: repeatElement(0, count: missing)) }
  }

  mutating func record(_ nanoseconds: UInt64, in histogram: Int) {
    let base = histogram * stride
    cells[base + scale.index(of: nanoseconds)] &+= 1
    cells[base + stride - 1] &+= nanoseconds
  }

  /// A copy of one histogram.
  subscript(histogram: Int) -> Histogram {
    let base = histogram * stride
    var copy = Histogram(scale)
    for index in copy.counts.indices { copy.counts[index] = cells[base + index] }
    copy.sum = cells[base + stride - 1]
    return copy
  }
}
