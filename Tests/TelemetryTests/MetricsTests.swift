// Counters from a worker's arrays to the sum that is exposed.

import Testing

@testable import Telemetry

@Suite struct MetricsTests {
  static let scales: [BucketScale] = [.requestDuration, .overhead]

  @Test(arguments: 0..<2)
  func `a value falls into the first bucket whose bound is not below it`(scale number: Int) {
    let scale = Self.scales[number]
    for (index, bound) in scale.bounds.enumerated() {
      #expect(scale.index(of: bound - 1) == index)
      #expect(scale.index(of: bound) == index)
      #expect(scale.index(of: bound + 1) == index + 1)
    }
    #expect(scale.index(of: 0) == 0)
    #expect(scale.index(of: .max) == scale.bounds.count)
    for bit in 0..<64 {
      for value in [UInt64(1) << UInt64(bit), (UInt64(1) << UInt64(bit)) &- 1] {
        let expected = scale.bounds.firstIndex { value <= $0 } ?? scale.bounds.count
        #expect(scale.index(of: value) == expected)
      }
    }
  }

  @Test func `a request counts in its series and both histograms`() {
    let metrics = WorkerMetrics()
    let key = RequestKey(listener: 1, route: 7, method: .post, status: 201)
    metrics.requestEnded(key, duration: 6_000_000, overhead: 1_500)
    metrics.requestEnded(key, duration: 60_000_000_000, overhead: nil)
    let totals = MetricsTotals() + metrics.snapshot()
    #expect(totals.requests == [key: 2])
    let duration = totals.durations[key.duration]
    #expect(duration?.count == 2)
    #expect(duration?.sum == 60_006_000_000)
    #expect(duration?.counts[1] == 1)
    #expect(duration?.counts.last == 1)
    #expect(totals.overheads[7]?.counts[1] == 1)
    #expect(totals.overheads[7]?.sum == 1_500)
  }

  @Test func `a key gives back what it was made of`() {
    let key = RequestKey(listener: 65_535, route: 65_534, method: .query, status: 599)
    #expect(key.listener == 65_535 && key.route == 65_534)
    #expect(key.method == .query && key.status == 599)
    #expect(key.duration.codeClass == .serverError)
  }

  @Test(arguments: [0, 99, 600, 999, 65_535] as [UInt16])
  func `a status outside 100 to 599 counts as none`(status: UInt16) {
    let key = RequestKey(listener: 0, route: 0, method: .get, status: status)
    #expect(key.status == 0)
    #expect(key.duration.codeClass == CodeClass.none)
  }

  @Test func `copies of two workers add up, whatever their ids`() {
    let first = WorkerMetrics()
    let second = WorkerMetrics()
    let shared = RequestKey(listener: 0, route: 1, method: .get, status: 200)
    let own = RequestKey(listener: 3, route: 2, method: .get, status: 404)
    first.requestEnded(shared, duration: 1, overhead: 1)
    second.requestEnded(shared, duration: 2, overhead: 2)
    second.requestEnded(own, duration: 3, overhead: nil)
    first.connectionOpened(listener: 0)
    second.connectionOpened(listener: 2)
    second.connectionOpened(listener: 2)
    second.connectionClosed(listener: 2)
    first.upstreamEnded(upstream: 1, server: 4, status: 503, duration: 9)
    second.upstreamEnded(upstream: 0, server: 4, status: 503, duration: 9)
    second.protocolError(2)
    first.fieldsDropped(3)
    second.fieldsDropped(4)
    let handshake = HandshakeKey(listener: 1, version: .tls13, result: .resumed)
    first.handshakeEnded(handshake)
    second.handshakeEnded(handshake)

    let totals = MetricsTotals() + first.snapshot() + second.snapshot()
    #expect(totals == MetricsTotals() + second.snapshot() + first.snapshot())
    #expect(totals.requests == [shared: 2, own: 1])
    #expect(totals.durations[shared.duration]?.sum == 3)
    #expect(totals.openConnections == [1, 0, 1])
    #expect(totals.upstreamRequests[4 * 6 + Int(CodeClass.serverError.rawValue)] == 2)
    #expect(totals.upstreamDurations.map(\.count) == [1, 1])
    #expect(totals.protocolErrors == [0, 0, 1])
    #expect(totals.fieldsDropped == 7)
    #expect(totals.handshakes[handshake.cell] == 2)
    #expect(HandshakeKey(cell: handshake.cell) == handshake)
  }

  @Test func `a copy does not change when the worker counts on`() {
    let metrics = WorkerMetrics()
    let key = RequestKey(listener: 0, route: 0, method: .get, status: 200)
    metrics.requestEnded(key, duration: 1, overhead: nil)
    let copy = metrics.snapshot()
    metrics.requestEnded(key, duration: 1, overhead: nil)
    #expect((MetricsTotals() + copy).requests == [key: 1])
    #expect((MetricsTotals() + metrics.snapshot()).requests == [key: 2])
  }

  @Test func `series beyond the bound share one`() {
    let metrics = WorkerMetrics()
    let max = MetricsSnapshot.requestSeriesMax
    for number in 0..<(max + 10) {
      let key = RequestKey(
        listener: UInt16(number >> 16), route: UInt16(truncatingIfNeeded: number), method: .get,
        status: 200)
      metrics.requestEnded(key, duration: 1, overhead: nil)
    }
    let totals = MetricsTotals() + metrics.snapshot()
    #expect(totals.requests.count == max)
    let other = RequestKey(listener: .max, route: .max, method: .other, status: 0)
    #expect(totals.requests[other] == 11)
    #expect(totals.requests.values.reduce(0, +) == UInt64(max + 10))
  }

  @Test func `a table finds every key that it took`() {
    var table = SeriesTable(rowsMax: 5000)
    for key in 0..<5000 as Range<UInt64> {
      #expect(table.row(of: key << 24) == nil)
      #expect(table.insert(key << 24) == Int(key))
    }
    for key in 0..<5000 as Range<UInt64> { #expect(table.row(of: key << 24) == Int(key)) }
    #expect(table.insert(1) == nil)
  }

  @Test func `a name keeps its id over reloads`() {
    var names = MetricNames()
    let list = names.routes.id(of: "orders.list")
    let old = names.routes.id(of: "orders.old")
    // The next config lacks one route, has a new one, and names them in another order.
    let new = names.routes.id(of: "orders.new")
    #expect(names.routes.id(of: "orders.list") == list)
    #expect(Set([list, old, new, names.noRoute]).count == 4)
    #expect(names.routes[old] == "orders.old")
    let first = names.upstreams.id(of: "a")
    let second = names.upstreams.id(of: "b")
    let server = names.server("10.0.0.1:80", of: first)
    #expect(names.server("10.0.0.1:80", of: second) != server)
    #expect(names.server("10.0.0.1:80", of: first) == server)
    #expect(names.server(server) == ("a", "10.0.0.1:80"))
  }
}
