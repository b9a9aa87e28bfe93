// The line before a bulkhead: in order, fair to keys, bounded.

import Testing

@testable import PolicyChain

@Suite struct FairQueueTests {
  final class Guest {
    let name: String
    init(_ name: String) { self.name = name }
  }

  static func names(_ queue: inout FairQueue<Guest>) -> [String] {
    var names: [String] = []
    while let next = queue.popFirst() { names.append(next.name) }
    return names
  }

  @Test func `without keys it is first come first served`() {
    var queue = FairQueue<Guest>(countMax: 3)
    for name in ["a", "b", "c"] {
      guard case .queued = queue.append(Guest(name), key: 0) else { return #expect(Bool(false)) }
    }
    guard case .full = queue.append(Guest("d"), key: 0) else { return #expect(Bool(false)) }
    #expect(Self.names(&queue) == ["a", "b", "c"])
    #expect(queue.isEmpty)
  }

  @Test func `keys are served in turn`() {
    var queue = FairQueue<Guest>(countMax: 9)
    for name in ["a1", "a2", "a3", "b1", "c1", "c2"] {
      _ = queue.append(Guest(name), key: UInt64(name.utf8.first ?? 0))
    }
    #expect(Self.names(&queue) == ["a1", "b1", "c1", "a2", "c2", "a3"])
  }

  @Test func `who fills the line makes room for others, and not for itself`() {
    var queue = FairQueue<Guest>(countMax: 4)
    for name in ["a1", "a2", "a3", "a4"] { _ = queue.append(Guest(name), key: 1) }
    guard case .full = queue.append(Guest("a5"), key: 1) else { return #expect(Bool(false)) }
    guard case .displaced(let first) = queue.append(Guest("b1"), key: 2) else {
      return #expect(Bool(false))
    }
    #expect(first.name == "a4")
    guard case .displaced(let second) = queue.append(Guest("b2"), key: 2) else {
      return #expect(Bool(false))
    }
    #expect(second.name == "a3")
    guard case .full = queue.append(Guest("b3"), key: 2) else { return #expect(Bool(false)) }
    #expect(Self.names(&queue) == ["a1", "b1", "a2", "b2"])
  }

  @Test func `one that leaves takes its turn with it`() {
    var queue = FairQueue<Guest>(countMax: 4)
    let (a, b) = (Guest("a"), Guest("b"))
    _ = queue.append(a, key: 1)
    _ = queue.append(b, key: 2)
    let wasThere = queue.remove(a, key: 1)
    let isStillThere = queue.remove(a, key: 1)
    #expect(wasThere && !isStillThere)
    #expect(Self.names(&queue) == ["b"])
  }
}
