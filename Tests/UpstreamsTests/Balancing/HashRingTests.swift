// The ring: shares by weight, and what moves when servers come and go.

import LoopBench
import Testing

@testable import Upstreams

@Suite struct HashRingTests {
  private static let keys = (0..<20_000).map { StableHash.mix(UInt64($0)) }

  private static func owners(_ servers: [(name: String, weight: Int)]) -> [String] {
    let ring = HashRing(servers)
    return keys.compactMap { key in
      ring.owner(of: key, where: { _ in true }).map { servers[$0].name }
    }
  }

  @Test(arguments: [[1, 1, 1, 1], [1, 2, 3], [256, 256], [1, 256]])
  func `each server owns about its weight of the keys`(weights: [Int]) {
    let owners = Self.owners(weights.enumerated().map { ("server-\($0):80", $1) })
    for (index, weight) in weights.enumerated() {
      let share = Double(owners.count { $0 == "server-\(index):80" }) / Double(owners.count)
      let wanted = Double(weight) / Double(weights.reduce(0, +))
      #expect(abs(share - wanted) < 0.08, "server \(index) of \(weights) owns \(share)")
    }
  }

  @Test func `a server that goes takes no key but its own along`() {
    let all = (0..<10).map { (name: "server-\($0):80", weight: 1) }
    let before = Self.owners(all)
    let after = Self.owners(all.filter { $0.name != "server-3:80" })
    for (old, new) in zip(before, after) where old != "server-3:80" { #expect(old == new) }
    #expect(!after.contains("server-3:80"))
  }

  @Test func `the order of the servers does not matter`() {
    let all = (0..<5).map { (name: "server-\($0):80", weight: $0 + 1) }
    #expect(Self.owners(all) == Self.owners(all.reversed()))
  }

  @Test func `a hash is the same on every machine`() {
    #expect(StableHash.of("tenant-1".utf8Span.span) == 0xf866_087f_7330_cbfd)
    #expect(StableHash.of("".utf8Span.span) == nil)
  }

  @Test func `a ring that nobody is good on has no owner`() {
    let ring = HashRing([("a:1", 1), ("b:1", 1)])
    #expect(ring.owner(of: 5, where: { _ in false }) == nil)
  }
}
