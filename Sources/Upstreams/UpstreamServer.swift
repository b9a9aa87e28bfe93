// One server of an upstream, as one worker sees it: its addresses and its idle connections. How it
// fares is known to all workers together: see `ServerState`.

import Bytes
import Engine
import PolicyChain
import TLS

/// A worker's view of a server.
package final class UpstreamServer {
  /// How long a server is passed over after a connection to it failed, in milliseconds.
  static let pauseAfterFailure: UInt64 = 1_000

  package let definition: ServerDefinition
  /// Its names, on this worker.
  let label: ServerLabel
  /// Its place among the servers of its upstream, which changes when some come or go.
  package var index: Int { place }
  /// Nil for clear text.
  let context: TLSClientContext?
  /// The same for exchanges that need HTTP/1.1, where TLS would choose otherwise.
  let plainContext: TLSClientContext?
  /// What stands for it in a cookie.
  let stickyToken: UInt32
  /// What all workers know of it.
  package let state: ServerState
  /// Where it answers now; empty while its name has not been resolved.
  package var addresses: [SocketAddress] { ownAddresses }
  // Stored apart, as in `Exchange`: private storage needs no run-time access check.
  private var ownAddresses: [SocketAddress]
  private var nextAddress = 0
  private var place = 0
  private var hasLeft = false
  /// Smooth weighted round robin: grows by the weight, falls by the sum of weights when chosen.
  var currentWeight = 0
  /// Connections that many exchanges share.
  let http2 = SharedConnections()
  /// Idle connections, the one used last at the end.
  private let idle = Lent<[UpstreamConnection]>([])
  /// Counts the changes of `addresses`: a connection made since the last one needs no search.
  private(set) var addressChanges = 0

  init(
    _ definition: ServerDefinition, state: ServerState, context: TLSClientContext?,
    plainContext: TLSClientContext?
  ) {
    self.definition = definition
    self.state = state
    self.context = context
    self.plainContext = plainContext
    stickyToken = definition.stickyToken
    label = definition.label.copy()
    if case .address(let address) = definition.host {
      ownAddresses = [address]
    } else {
      ownAddresses = []
    }
  }

  /// Takes a place among the servers of its upstream.
  func join(at index: Int) { place = index }

  /// Whether it is no server of its upstream any more: what it has under way ends as it would, and
  /// nothing is kept.
  var isGone: Bool { hasLeft }

  func leave() {
    hasLeft = true
    closeIdle()
    http2.end()
  }

  /// The resolver's newest answer. Connections to addresses that are gone are closed when next
  /// looked at.
  package func resolved(to addresses: [SocketAddress]) {
    ownAddresses = addresses
    addressChanges += 1
    nextAddress = 0
  }

  /// Its bit among the servers that a request has tried. Servers beyond the 64th have none, and may
  /// be tried twice.
  var bit: UInt64 { index < 64 ? 1 << UInt64(index) : 0 }
  func isAmong(_ tried: UInt64) -> Bool { tried & bit != 0 }

  /// Its share of the requests in 256ths of a weight of 1: the weight, but for a server that has
  /// come back within the last `slowStart` milliseconds, which begins with a tenth of it.
  func share(at now: Instant, slowStart: UInt64) -> UInt64 {
    let whole = UInt64(definition.weight) << 8
    guard slowStart > 0 else { return whole }
    let back = state.lastReturn
    guard back.nanoseconds > 0 else { return whole }
    let elapsed = now.since(back) / 1_000_000
    guard elapsed < slowStart else { return whole }
    return max(whole / 10, whole * elapsed / slowStart, 1)
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

  /// Closes the idle connection that was used longest ago; false when there is none.
  func closeOldestIdle() -> Bool {
    guard let connection = idle({ $0.isEmpty ? nil : $0.removeFirst() }) else { return false }
    connection.close(isAborting: false)
    return true
  }

  func closeIdle() {
    let ended = idle { idle in
      defer { idle.removeAll() }
      return idle
    }
    for connection in ended { connection.close(isAborting: false) }
  }
}
