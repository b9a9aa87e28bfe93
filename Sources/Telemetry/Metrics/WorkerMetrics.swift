// The worker's end of the metrics. Control asks for a copy through the mailbox and adds the
// workers' copies up.

import Bytes

/// One worker's counters. Not `Sendable`: it lives on its worker's loop, which calls `snapshot()`
/// for the reader.
///
/// Ids come from `MetricNames` and keep their meaning over reloads, so nothing here is ever reset.
package final class WorkerMetrics {
  private let counters = Lent(MetricsSnapshot())

  package init() {}

  /// Counts a finished request. `overhead` is nil for a request whose own time was not measured.
  /// Times are in nanoseconds, here and below.
  package func requestEnded(_ key: RequestKey, duration: UInt64, overhead: UInt64?) {
    counters { $0.requestEnded(key, duration: duration, overhead: overhead) }
  }

  /// Counts one try at a server. A status of 0 is a try without an answer.
  package func upstreamEnded(upstream: UInt16, server: UInt16, status: UInt16, duration: UInt64) {
    counters {
      $0.upstreamEnded(upstream: upstream, server: server, status: status, duration: duration)
    }
  }

  package func connectionOpened(listener: UInt16) {
    counters { $0.addConnections(1, listener: listener) }
  }

  package func connectionClosed(listener: UInt16) {
    counters { $0.addConnections(-1, listener: listener) }
  }

  package func handshakeEnded(_ key: HandshakeKey) { counters { $0.handshakeEnded(key) } }

  /// Counts a message that broke its protocol's rules, by the id of the reason.
  package func protocolError(_ reason: UInt16) { counters { $0.protocolError(reason) } }

  /// Counts what was decided about a credential, or for want of one.
  package func decided(_ outcome: AuthOutcome, identity: UInt16) {
    counters { $0.decided(outcome, identity: identity) }
  }

  /// Counts fields that were dropped for their names (`underscore drop`).
  package func fieldsDropped(_ count: Int) { counters { $0.fieldsDropped(count) } }

  /// Counts a decision of a limit, by the id of its bucket.
  package func limitDecided(bucket: UInt16, _ verdict: LimitVerdict) {
    counters { $0.limitDecided(bucket: bucket, verdict) }
  }

  /// A copy of everything, to be sent to the reader: it shares the arrays until this worker counts
  /// on.
  package func snapshot() -> MetricsSnapshot { counters { $0 } }
}
