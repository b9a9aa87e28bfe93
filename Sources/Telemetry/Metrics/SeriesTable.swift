// From a packed key to a dense row number, by open addressing: a lookup that hits is a
// multiplication and a compare.

/// A bounded map from keys to rows 0, 1, 2 ... in the order in which keys came.
///
/// It only grows, up to `rowsMax`; keys beyond that get no row and share one that the owner sets
/// aside.
struct SeriesTable: Sendable {
  private let rowsMax: Int
  /// Row number plus one, or zero for a free slot.
  private var slots: ContiguousArray<UInt32>
  private(set) var keys: ContiguousArray<UInt64> = []

  init(rowsMax: Int) {
    precondition(rowsMax > 0 && rowsMax < 1 << 24, "A table has at most sixteen million rows.")
    self.rowsMax = rowsMax
    slots = ContiguousArray(repeating: 0, count: 64)
  }

  /// The key's row, if it has one.
  func row(of key: UInt64) -> Int? {
    var slot = Self.hash(key) & (slots.count - 1)
    // At least half of the slots are free, so a free one ends the search.
    while slots[slot] != 0 {
      let row = Int(slots[slot]) - 1
      if keys[row] == key { return row }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Gives the key a new row; nil when the table is full. The key has none yet.
  mutating func insert(_ key: UInt64) -> Int? {
    guard keys.count < rowsMax else { return nil }
    keys.append(key)
    if keys.count * 2 > slots.count { rehash() } else { place(keys.count - 1) }
    return keys.count - 1
  }

  private mutating func rehash() {
    slots = ContiguousArray(repeating: 0, count: slots.count * 2)
    for row in keys.indices { place(row) }
  }

  private mutating func place(_ row: Int) {
    var slot = Self.hash(keys[row]) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(row + 1)
  }

  /// Keys are ids that we gave ourselves: nobody outside can aim for collisions, so one
  /// multiplication spreads enough.
  private static func hash(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 40)
  }
}
