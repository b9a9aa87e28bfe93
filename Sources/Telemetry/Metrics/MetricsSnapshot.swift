// What one worker counts, as a value: plain integers in arrays, found by ids. No atomics, no locks,
// no names.

/// One worker's counters, or a copy of them. Copying shares the arrays until the worker counts on.
///
/// Ids come from `MetricNames`. Recording allocates only when a series is seen for the first time.
package struct MetricsSnapshot: Sendable {
  /// Combinations of listener, route, method and status that one worker tells apart. Those that
  /// come later count as route and listener `other`: ids are finite, and a scrape of more than this
  /// many lines helps nobody.
  package static let requestSeriesMax = 65_536

  struct RequestRow {
    var count: UInt64 = 0
    /// Where the request's durations go, looked up once per row.
    var duration: UInt32
    var overhead: UInt32
  }

  private(set) var requests = SeriesTable(rowsMax: requestSeriesMax)
  private(set) var rows: ContiguousArray<RequestRow> = []
  private(set) var durationIndex: [DurationKey: UInt32] = [:]
  private(set) var overheadIndex: [UInt16: UInt32] = [:]
  private(set) var durations = HistogramTable(scale: .requestDuration)
  private(set) var overheads = HistogramTable(scale: .overhead)

  private(set) var upstreamRequests: ContiguousArray<UInt64> = []
  private(set) var upstreamDurations = HistogramTable(scale: .requestDuration)
  private(set) var openConnections: ContiguousArray<Int64> = []
  private(set) var handshakes: ContiguousArray<UInt64> = []
  private(set) var protocolErrors: ContiguousArray<UInt64> = []
  private(set) var authDecisions: ContiguousArray<UInt64> = []
  /// Three cells per bucket, in the order of `LimitVerdict`.
  private(set) var limitDecisions: ContiguousArray<UInt64> = []
  private(set) var fieldsDroppedCount: UInt64 = 0

  init() {
    // The first row is for whatever finds the table full.
    let other = RequestKey(listener: .max, route: .max, method: .other, status: 0)
    _ = addRow(other)
  }

  /// Counts a finished request. `overhead` is nil for a request whose own time was not measured.
  mutating func requestEnded(_ key: RequestKey, duration: UInt64, overhead: UInt64?) {
    let row = requests.row(of: key.packed) ?? addRow(key)
    rows[row].count &+= 1
    durations.record(duration, in: Int(rows[row].duration))
    if let overhead { overheads.record(overhead, in: Int(rows[row].overhead)) }
  }

  /// Counts one try at a server. A status of 0 is a try without an answer.
  mutating func upstreamEnded(upstream: UInt16, server: UInt16, status: UInt16, duration: UInt64) {
    let cell = Int(server) * CodeClass.allCases.count + Int(CodeClass(status: status).rawValue)
    Self.add(1, to: cell, of: &upstreamRequests)
    upstreamDurations.grow(to: Int(upstream) + 1)
    upstreamDurations.record(duration, in: Int(upstream))
  }

  mutating func handshakeEnded(_ key: HandshakeKey) { Self.add(1, to: key.cell, of: &handshakes) }

  /// Counts a message that broke its protocol's rules, by the id of the reason.
  mutating func protocolError(_ reason: UInt16) {
    Self.add(1, to: Int(reason), of: &protocolErrors)
  }

  mutating func decided(_ outcome: AuthOutcome, identity: UInt16) {
    Self.add(
      1, to: Int(identity) * AuthOutcome.allCases.count + Int(outcome.rawValue),
      of: &authDecisions)
  }

  /// Counts a decision of a limit, by the id of its bucket.
  mutating func limitDecided(bucket: UInt16, _ verdict: LimitVerdict) {
    Self.add(
      1, to: Int(bucket) * LimitVerdict.allCases.count + verdict.rawValue, of: &limitDecisions)
  }

  /// Counts fields that were dropped for their names (`underscore drop`).
  mutating func fieldsDropped(_ count: Int) { fieldsDroppedCount &+= UInt64(max(count, 0)) }

  /// The row of a key that was not seen before.
  private mutating func addRow(_ key: RequestKey) -> Int {
    guard let row = requests.insert(key.packed) else { return 0 }
    let duration = key.duration
    let durationRow = durationIndex[duration] ?? UInt32(durationIndex.count)
    durationIndex[duration] = durationRow
    durations.grow(to: durationIndex.count)
    let overheadRow = overheadIndex[key.route] ?? UInt32(overheadIndex.count)
    overheadIndex[key.route] = overheadRow
    overheads.grow(to: overheadIndex.count)
    rows.append(RequestRow(duration: durationRow, overhead: overheadRow))
    return row
  }

  mutating func addConnections(_ change: Int64, listener: UInt16) {
    let missing = Int(listener) + 1 - openConnections.count
    if missing > 0 { openConnections.append(contentsOf: repeatElement(0, count: missing)) }
    openConnections[Int(listener)] &+= change
  }

  /// Adds to a cell of a dense array, which grows to the ids that are in use: they are given
  /// without gaps.
  private static func add(_ value: UInt64, to cell: Int, of cells: inout ContiguousArray<UInt64>) {
    if cell >= cells.count {
      cells.append(contentsOf: repeatElement(0, count: cell + 1 - cells.count))
    }
    cells[cell] &+= value
  }
}
