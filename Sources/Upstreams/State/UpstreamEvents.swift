// What happened to the servers of an upstream, on its way from the workers to Control's log. Rare
// by nature, and bounded all the same.

import Bytes

/// One transition: a line of the log.
package struct UpstreamEvent: Sendable, Equatable {
  /// Why a server was ejected.
  package enum Cause: Sendable, Equatable {
    case consecutive(UInt64)
    /// Failed tries of so many.
    case share(failed: UInt64, of: UInt64)
    /// Microseconds to the first byte, and those of its peers.
    case slow(UInt64, peers: UInt64)
  }

  package enum Change: Sendable, Equatable {
    case ejected(Cause, milliseconds: UInt64)
    /// Active checks found it to be so; `fault` is what the last one saw.
    case checked(ServerState.Health, fault: String?)
    case breaker(from: BreakerState, to: BreakerState)
  }

  /// As written in the config; empty for what is about the whole upstream.
  package let server: String
  package let change: Change
}

/// Events that nobody has told yet.
package final class UpstreamEvents: Sendable {
  /// Control empties it several times a second; more than this in between would drown the log.
  static let eventsMax = 256

  private struct Queue {
    var events: [UpstreamEvent] = []
    var lost: UInt64 = 0
  }

  private let queue = Locked(Queue())

  init() {}

  func add(_ event: UpstreamEvent) {
    queue.withLock { queue in
      if queue.events.count < Self.eventsMax { queue.events.append(event) } else { queue.lost += 1 }
    }
  }

  /// Everything since the last call, and how many were given up.
  package func take() -> (events: [UpstreamEvent], lost: UInt64) {
    queue.withLock { queue in
      defer { queue = Queue() }
      return (queue.events, queue.lost)
    }
  }
}
