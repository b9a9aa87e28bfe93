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

  private(set) var items: ContiguousArray<Segment>
  /// Whether the path ends with the last of the segments.
  private(set) var isWhole = true
  private let seed: UInt64
  private let countMax: Int

  /// - Parameter countMax: segments of the deepest pattern.
  init(countMax: Int, seed: UInt64) {
    self.countMax = countMax
    self.seed = seed
    items = []
    items.reserveCapacity(countMax)
  }

  var count: Int { items.count }

  /// Cuts `path`. One that does not start with a slash (`*`, or nothing) has no segments.
  mutating func cut(_ path: borrowing Span<UInt8>) {
    items.removeAll(keepingCapacity: true)
    isWhole = true
    guard path.count > 0, path[0] == UInt8(ascii: "/") else { return }
    var start = 1
    while items.count < countMax {
      var hash = KeyedHash(seed: seed)
      var index = start
      while index < path.count, path[index] != UInt8(ascii: "/") {
        hash.add(path[index])
        index &+= 1
      }
      items.append(Segment(start: UInt32(start), end: UInt32(index), hash: hash.value))
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
