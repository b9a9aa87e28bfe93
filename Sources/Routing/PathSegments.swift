// A request's path cut at its slashes, once per lookup, as far as the deepest pattern reaches.

import Bytes

/// The first segments of a path with their hashes. Kept by a table and refilled for each request.
struct PathSegments {
  struct Segment {
    var start: UInt32
    var end: UInt32
    var hash: UInt64
    var isEmpty: Bool { start == end }
    var range: Range<Int> { Int(start)..<Int(end) }
  }

  private var items: ContiguousArray<Segment>
  private(set) var count = 0
  /// Whether the path ends with the last of the segments.
  private(set) var isWhole = true
  private let seed: UInt64
  private let countMax: Int

  /// - Parameter countMax: segments of the deepest pattern.
  init(countMax: Int, seed: UInt64) {
    self.countMax = countMax
    self.seed = seed
    items = ContiguousArray(repeating: Segment(start: 0, end: 0, hash: 0), count: countMax)
  }

  subscript(index: Int) -> Segment {
    precondition(index < count, "Only segments that were cut can be read.")
    return items[index]
  }

  /// Cuts `path`. One that does not start with a slash (`*`, or nothing) has no segments.
  mutating func cut(_ path: borrowing Span<UInt8>) {
    count = 0
    isWhole = true
    guard path.count > 0, path[0] == UInt8(ascii: "/") else { return }
    var start = 1
    while count < countMax {
      var hash = KeyedHash(seed: seed)
      var index = start
      while index < path.count, path[index] != UInt8(ascii: "/") {
        hash.add(path[index])
        index &+= 1
      }
      items[count] = Segment(
        start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: index),
        hash: hash.value)
      count &+= 1
      if index == path.count { return }
      start = index + 1
    }
    isWhole = false
  }

  static func hash(_ literal: [UInt8], seed: UInt64) -> UInt64 {
    var hash = KeyedHash(seed: seed)
    for byte in literal { hash.add(byte) }
    return hash.value
  }
}
