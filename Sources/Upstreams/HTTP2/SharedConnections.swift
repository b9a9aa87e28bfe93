// What a worker knows of a server's HTTP/2: its open connections, whether it speaks it at all, and
// who waits for a connection that is being made.

import Engine
import PolicyChain

/// The HTTP/2 side of one server, on one worker.
final class SharedConnections {
  /// Connections that take requests, the newest at the end.
  private(set) var open: [MultiplexedConnection] = []
  /// What the last handshake told; nil before the first one.
  var speaksHTTP2: Bool?
  /// Whether a connection is being made that many may share.
  private(set) var isConnecting = false
  private var waiting: [Waiter] = []

  /// A connection with room for one more stream.
  var usable: MultiplexedConnection? { open.last { $0.hasRoom } }

  func add(_ connection: MultiplexedConnection) { open.append(connection) }

  func remove(_ connection: MultiplexedConnection) { open.removeAll { $0 === connection } }

  func beginConnecting() { isConnecting = true }

  /// The attempt is over, however it ended: those who waited look for themselves.
  func endConnecting() {
    isConnecting = false
    let woken = waiting
    waiting = []
    for waiter in woken { waiter.signal() }
  }

  /// Waits for the attempt that somebody else makes.
  func wait(for exchange: Exchange, until deadline: Instant) async throws(Failure) {
    waiting.append(exchange.waiter)
    try await exchange.waitUpstream(until: deadline, else: .connectTimeout)
  }

  /// Looks after the connections, about once a second.
  func sweep(now: Instant, idleTimeout: UInt64, isCurrent: (MultiplexedConnection) -> Bool) {
    for connection in open {
      if !isCurrent(connection) { connection.end() }
      connection.look(now: now, idleTimeout: idleTimeout)
    }
  }

  /// Takes no more requests; connections close with their last stream.
  func end() {
    for connection in open { connection.end() }
  }
}
