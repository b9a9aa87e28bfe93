// The places of one bulkhead, counted over all workers: exact, since one lock guards the count and
// the queue. It is held for some dozens of instructions.

import Bytes

/// So many places, and a bounded queue before them.
package final class SharedBulkhead: Sendable {
  /// How a request fared at once.
  package enum Entry: Sendable {
    case entered, queued, full
  }

  private struct State {
    var placesMax: Int
    var inUse = 0
    var queue: FairQueue<BulkheadTicket>
    var counts = BulkheadCounts()

    /// Those that may enter now; the caller tells them once the lock is free.
    mutating func grant() -> [BulkheadTicket] {
      var granted: [BulkheadTicket] = []
      while inUse < placesMax, let next = queue.popFirst() {
        inUse += 1
        next.settle(.granted)
        granted.append(next)
      }
      return granted
    }
  }

  /// Where it is written, such as `group orders`.
  package let name: String
  private let state: Locked<State>

  init(_ name: String, placesMax: Int, queueMax: Int) {
    self.name = name
    state = Locked(State(placesMax: placesMax, queue: FairQueue(countMax: queueMax)))
  }

  /// Takes a place when one is free and nobody waits for it.
  package func tryEnter() -> Bool {
    state.withLock { state in
      guard state.inUse < state.placesMax, state.queue.isEmpty else { return false }
      state.inUse += 1
      state.counts.admitted += 1
      return true
    }
  }

  /// Takes a place, or joins the queue.
  package func enter(_ ticket: BulkheadTicket) -> Entry {
    let (entry, displaced) = state.withLock { state -> (Entry, BulkheadTicket?) in
      if state.inUse < state.placesMax, state.queue.isEmpty {
        state.inUse += 1
        state.counts.admitted += 1
        return (.entered, nil)
      }
      switch state.queue.append(ticket, key: ticket.key) {
      case .queued: return (.queued, nil)
      case .full:
        state.counts.full += 1
        return (.full, nil)
      case .displaced(let other):
        state.counts.full += 1
        other.settle(.displaced)
        return (.queued, other)
      }
    }
    displaced?.tell()
    return entry
  }

  /// Gives a place back: to the next in the queue, on whatever worker it waits.
  package func leave() {
    let granted = state.withLock { state in
      state.inUse -= 1
      return state.grant()
    }
    for ticket in granted { ticket.tell() }
  }

  /// Counts a request that waited and was let in.
  package func admitted() { state.withLock { $0.counts.queued += 1 } }

  /// Takes a request out of the queue. Returns false when it is not there any more: it has been
  /// decided meanwhile.
  package func abandon(_ ticket: BulkheadTicket, timedOut: Bool) -> Bool {
    state.withLock { state in
      guard state.queue.remove(ticket, key: ticket.key) else { return false }
      if timedOut { state.counts.timedOut += 1 } else { state.counts.left += 1 }
      return true
    }
  }

  /// Goes on with other numbers. Who is inside stays; who waits stays too, even when the queue has
  /// become too long for it.
  func resize(placesMax: Int, queueMax: Int) {
    let granted = state.withLock { state in
      state.placesMax = placesMax
      state.queue.countMax = queueMax
      return state.grant()
    }
    for ticket in granted { ticket.tell() }
  }

  var counts: BulkheadCounts {
    state.withLock { state in
      var counts = state.counts
      counts.inUse = state.inUse
      counts.waiting = state.queue.count
      return counts
    }
  }
}

/// What a bulkhead has seen.
package struct BulkheadCounts: Sendable, Equatable {
  package var inUse = 0
  package var waiting = 0
  /// Let in at once, and after waiting.
  package var admitted: UInt64 = 0
  package var queued: UInt64 = 0
  package var full: UInt64 = 0
  package var timedOut: UInt64 = 0
  /// Clients that left while they waited.
  package var left: UInt64 = 0
}
