// What a scrape tells of one bulkhead.

/// A bulkhead's numbers, by the place where it is written.
package struct BulkheadReading: Sendable, Equatable {
  package let name: String
  package let inUse: UInt64
  package let waiting: UInt64
  /// Requests by how they fared.
  package let verdicts: [(verdict: String, count: UInt64)]

  package init(
    name: String, inUse: UInt64, waiting: UInt64, verdicts: [(verdict: String, count: UInt64)]
  ) {
    self.name = name
    self.inUse = inUse
    self.waiting = waiting
    self.verdicts = verdicts
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.name == b.name && a.inUse == b.inUse && a.waiting == b.waiting
      && a.verdicts.map(\.count) == b.verdicts.map(\.count)
  }
}
