// A map from (parent, text) to a number in two flat arrays: open addressing, linear probes, half
// full at most. It is filled once and then only read.

import Bytes

/// What is behind a host name, or behind a literal segment of a node.
struct TextIndex {
  static let none = UInt32.max

  private struct Slot {
    var tag: UInt32 = 0
    var parent: UInt32 = 0
    var start: UInt32 = 0
    var count: UInt32 = 0
    var value = TextIndex.none
  }

  /// One text to be found, with the hash that lookups compute for it.
  struct Entry {
    let parent: UInt32
    let text: [UInt8]
    let hash: UInt64
    let value: UInt32
  }

  private var slots: ContiguousArray<Slot>
  private var text: ContiguousArray<UInt8> = []
  private let mask: Int

  /// - Parameter entries: no two with the same parent and text.
  init(_ entries: [Entry]) {
    var capacity = 4
    while capacity < entries.count * 2 { capacity *= 2 }
    mask = capacity - 1
    slots = ContiguousArray(repeating: Slot(), count: capacity)
    for entry in entries { insert(entry) }
  }

  /// The value of `key` under `parent`, byte for byte, or `none`.
  func find(_ parent: UInt32, _ hash: UInt64, _ key: borrowing Span<UInt8>) -> UInt32 {
    var index = firstSlot(parent, hash)
    let tag = Self.tag(parent, hash)
    while slots[index].value != Self.none {
      if isCandidate(index, parent, tag, key.count), key.equals(storedText(index)) {
        return slots[index].value
      }
      index = (index &+ 1) & mask
    }
    return Self.none
  }

  /// As `find`, whatever the case of `key`; the stored text is in lower case.
  func findIgnoringCase(_ parent: UInt32, _ hash: UInt64, _ key: borrowing Span<UInt8>) -> UInt32 {
    var index = firstSlot(parent, hash)
    let tag = Self.tag(parent, hash)
    while slots[index].value != Self.none {
      if isCandidate(index, parent, tag, key.count), key.equalsIgnoringCase(storedText(index)) {
        return slots[index].value
      }
      index = (index &+ 1) & mask
    }
    return Self.none
  }

  private mutating func insert(_ entry: Entry) {
    var index = firstSlot(entry.parent, entry.hash)
    while slots[index].value != Self.none { index = (index + 1) & mask }
    slots[index] = Slot(
      tag: Self.tag(entry.parent, entry.hash), parent: entry.parent, start: UInt32(text.count),
      count: UInt32(entry.text.count), value: entry.value)
    text.append(contentsOf: entry.text)
  }

  private func isCandidate(_ index: Int, _ parent: UInt32, _ tag: UInt32, _ count: Int) -> Bool {
    slots[index].tag == tag && slots[index].parent == parent && Int(slots[index].count) == count
  }

  @_lifetime(borrow self)
  private func storedText(_ index: Int) -> Span<UInt8> {
    let start = Int(slots[index].start)
    return text.span.extracting(start..<start + Int(slots[index].count))
  }

  private func firstSlot(_ parent: UInt32, _ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: KeyedHash.under(parent, hash)) & mask
  }

  private static func tag(_ parent: UInt32, _ hash: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: hash &>> 32) ^ parent
  }
}
