// Deadlines of one loop in a coarse wheel. An entry is armed once and moved lazily: a deadline that
// is put off again and again, as those of a busy connection are, costs one comparison and no list
// operation.

import Bytes

/// What a wheel wakes: see `Waiter`.
public protocol TimerTarget: AnyObject {
  /// The entry of this target in its wheel, kept by the wheel.
  var timerEntry: TimerWheel.Entry? { get set }
  /// When this target wants to be woken; `never` when it does not.
  var deadline: Instant { get }
  /// The deadline has passed.
  func deadlinePassed()
}

/// A hashed wheel of 4,096 slots of 4 ms. Deadlines beyond its 16 s are looked at again when their
/// slot comes.
public struct TimerWheel {
  public struct Entry: Sendable, BitwiseCopyable { fileprivate var index: Int32 }

  private struct Node {
    var target: (any TimerTarget)?
    var tick: UInt64 = 0
    var next: Int32 = -1
    var previous: Int32 = -1
  }

  /// Nanoseconds of one slot. Deadlines are kept to this precision, never early.
  public static let resolution: UInt64 = 4_000_000
  private static let slotCount: UInt64 = 4096

  private var heads = ContiguousArray<Int32>(repeating: -1, count: Int(slotCount))
  private var occupied = ContiguousArray<UInt64>(repeating: 0, count: Int(slotCount) / 64)
  private var nodes: ContiguousArray<Node> = []
  private var free: Int32 = -1
  private var currentTick: UInt64
  /// Targets that are armed.
  public private(set) var count = 0

  public init(now: Instant) { currentTick = now.nanoseconds / Self.resolution }

  /// Makes sure that `target` is looked at no later than at its deadline.
  public mutating func arm(_ target: any TimerTarget) {
    let deadline = target.deadline
    guard deadline != .never else { return }
    let tick = slotTick(for: deadline)
    if let entry = target.timerEntry {
      let index = Int(entry.index)
      guard nodes[index].tick > tick else { return }
      unlink(entry.index)
      nodes[index].tick = tick
      link(entry.index)
    } else {
      let index = takeNode()
      nodes[Int(index)].target = target
      nodes[Int(index)].tick = tick
      target.timerEntry = Entry(index: index)
      link(index)
      count += 1
    }
  }

  /// Forgets `target`, which is going away.
  public mutating func disarm(_ target: any TimerTarget) {
    guard let entry = target.timerEntry else { return }
    unlink(entry.index)
    release(entry.index, of: target)
  }

  /// Milliseconds until the next slot that holds an entry, for the poll call; -1 when there is
  /// none.
  public func millisecondsUntilNext(from now: Instant) -> Int32 {
    guard count > 0, let tick = nextOccupiedTick() else { return -1 }
    let due = (tick + 1) * Self.resolution
    guard due > now.nanoseconds else { return 0 }
    return Int32(clamping: (due - now.nanoseconds + 999_999) / 1_000_000)
  }

  /// Wakes every target whose deadline has passed at `now`, and moves the others on.
  public mutating func advance(to now: Instant) {
    let last = now.nanoseconds / Self.resolution
    guard last > currentTick else { return }
    // After a pause longer than the wheel, each slot is visited once and not once per tick.
    let first = max(currentTick, last > Self.slotCount ? last - Self.slotCount : 0)
    currentTick = last
    guard count > 0 else { return }
    for tick in first..<last { visit(slot: tick % Self.slotCount, before: last, now: now) }
  }

  private mutating func visit(slot: UInt64, before last: UInt64, now: Instant) {
    guard occupied[Int(slot / 64)] & (1 << (slot % 64)) != 0 else { return }
    var index = heads[Int(slot)]
    while index >= 0 {
      let next = nodes[Int(index)].next
      if nodes[Int(index)].tick < last, let target = nodes[Int(index)].target {
        unlink(index)
        let deadline = target.deadline
        if deadline == .never {
          release(index, of: target)
        } else if deadline <= now {
          release(index, of: target)
          target.deadlinePassed()
        } else {
          nodes[Int(index)].tick = slotTick(for: deadline)
          link(index)
        }
      }
      index = next
    }
  }

  /// The tick at whose end the deadline has surely passed, within the wheel.
  private func slotTick(for deadline: Instant) -> UInt64 {
    let tick = deadline.nanoseconds / Self.resolution
    return min(max(tick, currentTick), currentTick + Self.slotCount - 1)
  }

  private func nextOccupiedTick() -> UInt64? {
    let start = currentTick % Self.slotCount
    var word = Int(start / 64)
    var bits = occupied[word] & (UInt64.max << (start % 64))
    for _ in 0...occupied.count {
      if bits != 0 {
        let slot = UInt64(word) * 64 + UInt64(bits.trailingZeroBitCount)
        return currentTick + (slot + Self.slotCount - start) % Self.slotCount
      }
      word = (word + 1) % occupied.count
      bits = occupied[word]
    }
    return nil
  }

  private mutating func takeNode() -> Int32 {
    if free >= 0 {
      let index = free
      free = nodes[Int(index)].next
      return index
    }
    nodes.append(Node())
    return Int32(nodes.count - 1)
  }

  private mutating func release(_ index: Int32, of target: any TimerTarget) {
    target.timerEntry = nil
    nodes[Int(index)].target = nil
    nodes[Int(index)].next = free
    free = index
    count -= 1
  }

  private mutating func link(_ index: Int32) {
    let slot = Int(nodes[Int(index)].tick % Self.slotCount)
    let head = heads[slot]
    nodes[Int(index)].next = head
    nodes[Int(index)].previous = -1
    if head >= 0 { nodes[Int(head)].previous = index }
    heads[slot] = index
    occupied[slot / 64] |= 1 << UInt64(slot % 64)
  }

  private mutating func unlink(_ index: Int32) {
    let slot = Int(nodes[Int(index)].tick % Self.slotCount)
    let next = nodes[Int(index)].next
    let previous = nodes[Int(index)].previous
    if next >= 0 { nodes[Int(next)].previous = previous }
    if previous >= 0 { nodes[Int(previous)].next = next } else { heads[slot] = next }
    if heads[slot] < 0 { occupied[slot / 64] &= ~(1 << UInt64(slot % 64)) }
  }
}
