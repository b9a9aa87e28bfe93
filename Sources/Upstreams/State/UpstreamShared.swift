// What all workers share of one upstream. It is kept by the upstream's name over reloads, so that a
// new config does not make a bad server good again.

import Bytes
import Engine
import Synchronization

/// The process-wide state of an upstream.
package final class UpstreamShared: Sendable {
  /// Connections of all workers; touched when one opens or closes, not per request.
  package let openConnections = Atomic<Int>(0)
  private let states = Locked<[String: ServerState]>([:])
  private let ejections = Locked(EjectionBook())
  /// What happened to servers, until Control has told it.
  package let events = UpstreamEvents()

  package init() {}

  /// The state of a server, the same for every worker and generation.
  func server(_ name: String) -> ServerState {
    states.withLock { states in
      if let known = states[name] { return known }
      let fresh = ServerState(name: name)
      states[name] = fresh
      return fresh
    }
  }

  /// The state of a server that is known, for those who only look.
  package func known(_ name: String) -> ServerState? { states.withLock { $0[name] } }

  /// Forgets servers that no config has any more. Connections to them keep what they hold.
  package func forget(except names: Set<String>) {
    states.withLock { states in states = states.filter { names.contains($0.key) } }
    ejections.withLock { $0.forget(except: names) }
  }

  /// Ejects a server for bad answers, unless too many are out already.
  ///
  /// - Parameter serverCount: servers of the upstream, in and out.
  func eject(
    _ server: ServerState, for cause: UpstreamEvent.Cause, of serverCount: Int,
    by rule: OutlierRule, at now: Instant
  ) {
    let end = ejections.withLock { book in
      book.eject(server.name, of: serverCount, by: rule, at: now)
    }
    // Its next failures count anew either way.
    server.forgetStreak()
    guard let end else { return }
    server.leaveOut(until: end)
    events.add(
      UpstreamEvent(
        server: server.name,
        change: .ejected(cause, milliseconds: end.since(now) / 1_000_000)))
  }

  /// Ejections of a server since the start.
  package func ejectionCount(of server: String) -> UInt64 {
    ejections.withLock { $0.total(of: server) }
  }
}
