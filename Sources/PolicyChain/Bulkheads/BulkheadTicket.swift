// A request that waits for a place, as other workers see it.

import Engine
import Synchronization

/// Stands in a bulkhead's queue for one request of one worker.
package final class BulkheadTicket: Sendable {
  package enum State: UInt8, AtomicRepresentable, Sendable {
    case waiting
    /// The place is the request's: it must be used or given back.
    case granted
    /// Another caller's request took its place in the queue.
    case displaced
  }

  let key: UInt64
  private let signal: RemoteSignal
  private let progress = Atomic<State>(.waiting)

  package init(key: UInt64, signal: RemoteSignal) {
    self.key = key
    self.signal = signal
  }

  package var state: State { progress.load(ordering: .acquiring) }

  /// Decides the ticket, once: under the bulkhead's lock, with which it left the queue. Who then
  /// finds it gone from there also finds out why.
  func settle(_ state: State) { progress.store(state, ordering: .releasing) }

  /// Wakes the request that waits; once the lock is free.
  func tell() { signal.send() }
}
