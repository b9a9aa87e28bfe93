// One server of an upstream, as one worker sees it: its addresses, its idle connections, and how it
// fared lately.

import Bytes
import Engine
import PolicyChain

/// A worker's view of a server.
package final class UpstreamServer {
  /// How long a server is passed over after a connection to it failed, in milliseconds.
  static let pauseAfterFailure: UInt64 = 1_000

  package let definition: ServerDefinition
  /// Its names, on this worker.
  let label: ServerLabel
  package let index: Int
  /// Where it answers now; empty while its name has not been resolved.
  package private(set) var addresses: [SocketAddress]
  private var nextAddress = 0
  private var pausedUntil = Instant(nanoseconds: 0)
  /// Smooth weighted round robin: grows by the weight, falls by the sum of weights when chosen.
  var currentWeight = 0
  /// Idle connections, the one used last at the end.
  private let idle = Lent<[UpstreamConnection]>([])
  /// Counts the changes of `addresses`: a connection made since the last one needs no search.
  private(set) var addressChanges = 0

  init(_ definition: ServerDefinition, index: Int) {
    self.definition = definition
    label = definition.label.copy()
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
    addressChanges += 1
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

  var idleCount: Int { idle { $0.count } }
  /// The idle connection that is lent next, if it is still good then.
  var newestIdle: UpstreamConnection? { idle { $0.last } }

  /// The idle connection that was used last and is still good.
  func lendIdle() -> UpstreamConnection? {
    while let connection = idle({ $0.popLast() }) {
      if connection.isReusable && isCurrent(connection) {
        connection.isFresh = false
        return connection
      }
      connection.close(isAborting: false)
    }
    return nil
  }

  func keepIdle(_ connection: UpstreamConnection) { idle { $0.append(connection) } }

  /// Whether the connection leads to an address that the server still has.
  private func isCurrent(_ connection: UpstreamConnection) -> Bool {
    if connection.addressChanges == addressChanges { return true }
    guard addresses.contains(connection.address) else { return false }
    connection.addressChanges = addressChanges
    return true
  }

  /// Closes idle connections that are dead, too old, or lead to an address that is gone.
  func sweep(now: Instant, idleTimeout: UInt64) {
    var ended: [UpstreamConnection] = []
    idle { idle in
      idle.removeAll { connection in
        let isStale = connection.idleSince.advanced(milliseconds: idleTimeout) <= now
        guard isStale || !connection.isReusable || !isCurrent(connection) else { return false }
        ended.append(connection)
        return true
      }
    }
    for connection in ended { connection.close(isAborting: false) }
  }

  func closeIdle() {
    let ended = idle { idle in
      defer { idle.removeAll() }
      return idle
    }
    for connection in ended { connection.close(isAborting: false) }
  }
}
