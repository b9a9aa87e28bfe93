// The sum of the workers' counters, by keys: what is exposed.

/// Counters of several workers added up. Control makes a fresh one for each scrape.
package struct MetricsTotals: Sendable, Equatable {
  package private(set) var requests: [RequestKey: UInt64] = [:]
  package private(set) var durations: [DurationKey: Histogram] = [:]
  /// By route.
  package private(set) var overheads: [UInt16: Histogram] = [:]
  /// Six cells per server, in the order of `CodeClass`.
  package private(set) var upstreamRequests: [UInt64] = []
  /// By upstream.
  package private(set) var upstreamDurations: [Histogram] = []
  /// By listener.
  package private(set) var openConnections: [Int64] = []
  /// By `HandshakeKey.cell`.
  package private(set) var handshakes: [UInt64] = []
  /// By reason.
  package private(set) var protocolErrors: [UInt64] = []
  /// A cell per outcome for each identity, in the order of `AuthOutcome`.
  package private(set) var authDecisions: [UInt64] = []
  /// Three cells per bucket, in the order of `LimitVerdict`.
  package private(set) var limitDecisions: [UInt64] = []
  package private(set) var fieldsDropped: UInt64 = 0

  package init() {}

  package static func + (a: Self, b: MetricsSnapshot) -> Self {
    var sum = a
    sum.add(b)
    return sum
  }

  /// Adds one worker's copy.
  package mutating func add(_ snapshot: MetricsSnapshot) {
    for (key, row) in zip(snapshot.requests.keys, snapshot.rows) where row.count > 0 {
      requests[RequestKey(packed: key), default: 0] &+= row.count
    }
    for (key, index) in snapshot.durationIndex {
      durations[key, default: Histogram(.requestDuration)].add(snapshot.durations[Int(index)])
    }
    for (route, index) in snapshot.overheadIndex {
      overheads[route, default: Histogram(.overhead)].add(snapshot.overheads[Int(index)])
    }
    add(upstreams: snapshot)
    Self.add(snapshot.openConnections, to: &openConnections, empty: 0) { $0 &+= $1 }
    Self.add(snapshot.handshakes, to: &handshakes, empty: 0) { $0 &+= $1 }
    Self.add(snapshot.protocolErrors, to: &protocolErrors, empty: 0) { $0 &+= $1 }
    Self.add(snapshot.authDecisions, to: &authDecisions, empty: 0) { $0 &+= $1 }
    Self.add(snapshot.limitDecisions, to: &limitDecisions, empty: 0) { $0 &+= $1 }
    fieldsDropped &+= snapshot.fieldsDroppedCount
  }

  private mutating func add(upstreams snapshot: MetricsSnapshot) {
    Self.add(snapshot.upstreamRequests, to: &upstreamRequests, empty: 0) { $0 &+= $1 }
    let histograms = (0..<snapshot.upstreamDurations.count).map { snapshot.upstreamDurations[$0] }
    Self.add(histograms, to: &upstreamDurations, empty: Histogram(.requestDuration)) { $0.add($1) }
  }

  /// Adds up by index; the sums grow to the longer of both.
  private static func add<T>(
    _ other: some Collection<T>, to sums: inout [T], empty: T, _ combine: (inout T, T) -> Void
  ) {
    while sums.count < other.count { sums.append(empty) }
    for (index, value) in other.enumerated() { combine(&sums[index], value) }
  }
}
