// Whether a Redis answers, over all workers: one log line when it goes away and one when it is
// back, and a gauge.

import Bytes

/// What is told when a Redis goes or comes.
package enum RedisEvent: Sendable {
  case away(reason: String)
  case back
}

/// The state of one Redis, shared by the workers' clients.
package final class RedisHealth: Sendable {
  private struct State {
    /// Workers whose client is connected.
    var connected: Set<Int> = []
    var isAway = false
  }

  package let name: String
  /// This process among the gateways that share the Redis.
  package let instance: UInt64
  private let state = Locked(State())
  private let tell: @Sendable (String, RedisEvent) -> Void

  package init(
    name: String, instance: UInt64, tell: @escaping @Sendable (String, RedisEvent) -> Void
  ) {
    self.name = name
    self.instance = instance
    self.tell = tell
  }

  /// Whether every worker that has tried to reach it has done so.
  package var isUp: Bool { state.withLock { !$0.isAway && !$0.connected.isEmpty } }

  func connected(_ worker: Int) {
    let isNew = state.withLock { state in
      state.connected.insert(worker)
      defer { state.isAway = false }
      return state.isAway
    }
    if isNew { tell(name, .back) }
  }

  func lost(_ worker: Int, _ reason: String) {
    let isNew = state.withLock { state in
      state.connected.remove(worker)
      // As long as another worker reaches it, it is this connection that failed.
      guard state.connected.isEmpty, !state.isAway else { return false }
      state.isAway = true
      return true
    }
    if isNew { tell(name, .away(reason: reason)) }
  }
}
