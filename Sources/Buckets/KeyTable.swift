// The keys of a bucket in memory: sets of eight slots that are searched whole. It grows up to a
// bound, and then forgets the key that has the most left. A key that is full again is the same as
// one that was never seen, so its slot is free.

/// What is kept of one key: 24 bytes.
struct KeySlot: BitwiseCopyable {
  /// The hash of the key; zero for a slot that was never used.
  var key: UInt64 = 0
  /// Units that are left, as of `stamp`.
  var level: UInt64 = 0
  var stamp: UInt64 = 0
}

/// One shard's part of a bucket's keys.
struct KeyTable {
  /// Slots of one set: three cache lines, searched without a branch that is hard to foresee.
  static let ways = 8

  private let meter: Meter
  private let setsMax: Int
  private var sets = 1
  private var slots: ContiguousArray<KeySlot>

  /// - Parameter setsMax: a power of two.
  init(meter: Meter, setsMax: Int) {
    precondition(setsMax > 0 && setsMax & (setsMax - 1) == 0, "Sets are told apart by bits.")
    self.meter = meter
    self.setsMax = setsMax
    slots = ContiguousArray(repeating: KeySlot(), count: Self.ways)
  }

  var slotCount: Int { slots.count }

  /// What a key has left, in units. Looks only.
  func level(of key: UInt64, at now: MeterTime) -> UInt64 {
    let first = firstSlot(of: key)
    for index in first..<first + Self.ways where slots[index].key == key {
      return meter.level(slots[index].level, since: slots[index].stamp, at: now)
    }
    return meter.capacity
  }

  /// Takes units that the key is known to have.
  mutating func take(_ units: UInt64, from key: UInt64, at now: MeterTime) {
    let index = slot(for: key, at: now)
    let old = slots[index]
    let level = old.key == key ? meter.level(old.level, since: old.stamp, at: now) : meter.capacity
    precondition(level >= units, "Only what was found is taken.")
    slots[index] = KeySlot(
      key: key, level: level - units,
      stamp: meter.stamp(after: old.key == key ? old.stamp : 0, at: now))
  }

  /// Gives units back, to a full bucket at most.
  mutating func giveBack(_ units: UInt64, to key: UInt64, at now: MeterTime) {
    let first = firstSlot(of: key)
    for index in first..<first + Self.ways where slots[index].key == key {
      let old = slots[index]
      let level = meter.level(old.level, since: old.stamp, at: now)
      slots[index].level = min(meter.capacity, level + units)
      slots[index].stamp = meter.stamp(after: old.stamp, at: now)
      return
    }
  }

  private func firstSlot(of key: UInt64) -> Int {
    // The lowest bits chose the shard.
    Int(truncatingIfNeeded: key >> 8) & (sets - 1) &* Self.ways
  }

  /// The key's slot, or the one that it gets: a free one, one that is full again, or that of the
  /// key with the most left.
  private mutating func slot(for key: UInt64, at now: MeterTime) -> Int {
    while true {
      let first = firstSlot(of: key)
      for index in first..<first + Self.ways where slots[index].key == key { return index }
      var fullest = first
      var most: UInt64 = 0
      for index in first..<first + Self.ways {
        let slot = slots[index]
        let level =
          slot.key == 0
          ? meter.capacity : meter.level(slot.level, since: slot.stamp, at: now)
        if level == meter.capacity { return index }
        if level > most { (most, fullest) = (level, index) }
      }
      guard sets < setsMax else { return fullest }
      grow()
    }
  }

  /// Twice as many sets: a key stays in its set or moves to the one as far behind as there were
  /// sets, so that nothing overflows.
  private mutating func grow() {
    var larger = ContiguousArray(repeating: KeySlot(), count: slots.count * 2)
    let old = sets
    sets *= 2
    for set in 0..<old {
      var next = (set * Self.ways, (set + old) * Self.ways)
      for index in set * Self.ways..<(set + 1) * Self.ways where slots[index].key != 0 {
        if firstSlot(of: slots[index].key) == set * Self.ways {
          larger[next.0] = slots[index]
          next.0 += 1
        } else {
          larger[next.1] = slots[index]
          next.1 += 1
        }
      }
    }
    slots = larger
  }
}
