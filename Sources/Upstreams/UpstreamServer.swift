// One server of an upstream, as one worker sees it: its addresses, its idle connections, and how it
// fared lately.

import Engine

/// A worker's view of a server.
package final class UpstreamServer {
  /// How long a server is passed over after a connection to it failed, in milliseconds.
  static let pauseAfterFailure: UInt64 = 1_000

  package let definition: ServerDefinition
  package let index: Int
  /// Where it answers now; empty while its name has not been resolved.
  package private(set) var addresses: [SocketAddress]
  private var nextAddress = 0
  private var pausedUntil = Instant(nanoseconds: 0)
  /// Smooth weighted round robin: grows by the weight, falls by the sum of weights when chosen.
  var currentWeight = 0
  /// Connections that many exchanges share.
  let http2 = SharedConnections()
  /// Idle connections, the one used last at the end.
  private var idle: [UpstreamConnection] = []

  init(_ definition: ServerDefinition, index: Int) {
    self.definition = definition
    self.index = index
    if case .address(let address) = definition.host {
      addresses = [address]
    } else {
      addresses = []
    }
  }

  /// The resolver's newest answer. Connections to addresses that are gone are closed when next
  /// looked at.
  package func resolved(to addresses: [SocketAddress]) {
    self.addresses = addresses
    nextAddress = 0
  }

  func isPaused(at now: Instant) -> Bool { pausedUntil > now }
  func pause(from now: Instant) {
    pausedUntil = now.advanced(milliseconds: Self.pauseAfterFailure)
  }

  /// The address for the next connection, in turn.
  func takeAddress() -> SocketAddress? {
    guard !addresses.isEmpty else { return nil }
    let address = addresses[nextAddress % addresses.count]
    nextAddress = (nextAddress + 1) % addresses.count
    return address
  }

  var idleCount: Int { idle.count }
  /// The idle connection that is lent next, if it is still good then.
  var newestIdle: UpstreamConnection? { idle.last }

  /// The idle connection that was used last and is still good.
  func takeIdle() -> UpstreamConnection? {
    while let connection = idle.popLast() {
      if connection.isReusable && addresses.contains(connection.address) { return connection }
      connection.close(isAborting: false)
    }
    return nil
  }

  func keepIdle(_ connection: UpstreamConnection) { idle.append(connection) }

  /// Closes idle connections that are dead, too old, or lead to an address that is gone.
  func sweep(now: Instant, idleTimeout: UInt64) {
    idle.removeAll { connection in
      let isStale = connection.idleSince.advanced(milliseconds: idleTimeout) <= now
      guard isStale || !connection.isReusable || !addresses.contains(connection.address) else {
        return false
      }
      connection.close(isAborting: false)
      return true
    }
  }

  func closeIdle() {
    for connection in idle { connection.close(isAborting: false) }
    idle.removeAll()
  }
}
