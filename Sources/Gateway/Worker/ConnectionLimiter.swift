// How many connections there are, over all workers: per listener and per client address. Touched
// when a connection opens and closes, never per request.

import Bytes
import Engine
import PolicyChain

/// Counts downstream connections of the whole process and refuses those beyond the limits.
final class ConnectionLimiter: Sendable {
  private struct Counts {
    var listeners: [ListenerID: Int] = [:]
    var clients: [IPAddress: Int] = [:]
  }

  private let counts = Locked(Counts())

  /// Counts a connection. Returns false, and counts nothing, when a limit is reached.
  func open(_ peer: SocketAddress, at listener: ListenerID, limits: ConnectionLimits) -> Bool {
    counts.withLock { counts in
      let total = counts.listeners[listener, default: 0]
      guard total < limits.connectionsMax else { return false }
      if case .ip(let address, _) = peer {
        let own = counts.clients[address, default: 0]
        guard own < limits.perClientMax else { return false }
        counts.clients[address] = own + 1
      }
      counts.listeners[listener] = total + 1
      return true
    }
  }

  func close(_ peer: SocketAddress, at listener: ListenerID) {
    counts.withLock { counts in
      counts.listeners[listener, default: 1] -= 1
      guard case .ip(let address, _) = peer, let own = counts.clients[address] else { return }
      counts.clients[address] = own > 1 ? own - 1 : nil
    }
  }
}
