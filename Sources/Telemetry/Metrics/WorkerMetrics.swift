// The worker's end of the metrics. Control asks for a copy through the mailbox and adds the
// workers' copies up.

/// One worker's counters. Not `Sendable`: it lives on its worker's loop, which calls `snapshot()`
/// for the reader.
///
/// Ids come from `MetricNames` and keep their meaning over reloads, so nothing here is ever reset.
package final class WorkerMetrics {
  private var counters = MetricsSnapshot()

  package init() {}

  /// Counts a finished request. `overhead` is nil for a request whose own time was not measured.
  /// Times are in nanoseconds, here and below.
  package func requestEnded(_ key: RequestKey, duration: UInt64, overhead: UInt64?) {
    counters.requestEnded(key, duration: duration, overhead: overhead)
  }

  /// Counts one try at a server. A status of 0 is a try without an answer.
  package func upstreamEnded(upstream: UInt16, server: UInt16, status: UInt16, duration: UInt64) {
    counters.upstreamEnded(upstream: upstream, server: server, status: status, duration: duration)
  }

  package func connectionOpened(listener: UInt16) {
    counters.addConnections(1, listener: listener)
  }

  package func connectionClosed(listener: UInt16) {
    counters.addConnections(-1, listener: listener)
  }

  package func handshakeEnded(_ key: HandshakeKey) { counters.handshakeEnded(key) }

  /// Counts a message that broke its protocol's rules, by the id of the reason.
  package func protocolError(_ reason: UInt16) { counters.protocolError(reason) }

  /// Counts what was decided about a credential, or for want of one.
  package func decided(_ outcome: AuthOutcome, identity: UInt16) {
    counters.decided(outcome, identity: identity)
  }

  /// Counts fields that were dropped for their names (`underscore drop`).
  package func fieldsDropped(_ count: Int) { counters.fieldsDropped(count) }

  /// A copy of everything, to be sent to the reader: it shares the arrays until this worker counts
  /// on.
  package func snapshot() -> MetricsSnapshot { counters }
}
