// Did-you-mean: edit distance at most 2, or a prefix.

/// The nearest of some names to what was written.
package enum Suggestion {
  /// The name that was probably meant, or nil when none is near. Swapping two neighbours counts as
  /// one edit.
  package static func nearest(to written: String, among names: some Sequence<String>) -> String? {
    var best: (name: String, distance: Int)?
    for name in names where name != written {
      let isPrefix = written.utf8.count >= 3 && name.hasPrefix(written)
      let distance = isPrefix ? 2 : distance(written, name)
      // An edit per two letters is a different word, not a slip.
      guard distance <= 2, isPrefix || distance * 2 <= max(written.utf8.count, 2) else { continue }
      if best.map({ distance < $0.distance }) ?? true { best = (name, distance) }
    }
    return best?.name
  }

  private static func distance(_ left: String, _ right: String) -> Int {
    let (from, to) = (Array(left.utf8), Array(right.utf8))
    guard abs(from.count - to.count) <= 2 else { return 3 }
    var beforeLast = [Int](repeating: 0, count: to.count + 1)
    var last = Array(0...to.count)
    for (row, byte) in from.enumerated() {
      var current = [row + 1]
      for (column, other) in to.enumerated() {
        var cost = min(
          last[column] + (byte == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, byte == to[column - 1], other == from[row - 1] {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforeLast, last) = (last, current)
    }
    return last[to.count]
  }
}
