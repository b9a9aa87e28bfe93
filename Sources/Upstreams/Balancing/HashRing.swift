// A ring of points, as many for each server as its weight asks for: a server that comes or goes
// moves the keys of its own points only.

/// Points in the order of their hashes.
struct HashRing {
  /// Points of a server of weight 1. With a hundred the largest of ten servers has about a fifth
  /// more than its share.
  static let pointsEach = 100
  /// Points of the whole ring; weights are scaled down to keep to it.
  static let pointsMax = 65_536

  private let hashes: [UInt64]
  private let owners: [Int32]

  /// - Parameter servers: names, which alone place the points, and weights of at least 1.
  init(_ servers: [(name: String, weight: Int)]) {
    let total = servers.reduce(0) { $0 + $1.weight }
    let lightest = servers.map(\.weight).min() ?? 1
    // In hundredths of a point: equal weights of any size are points of one weight.
    let each = min(
      Double(Self.pointsEach) / Double(max(lightest, 1)),
      Double(Self.pointsMax) / Double(max(total, 1)))
    var points: [(hash: UInt64, owner: Int32)] = []
    for (index, server) in servers.enumerated() {
      let name = Array(server.name.utf8)
      let base = StableHash.of(name.span) ?? 0
      for point in 0..<max(1, Int(each * Double(server.weight))) {
        let hash = StableHash.mix(base &+ StableHash.mix(UInt64(point)))
        points.append((hash, Int32(index)))
      }
    }
    points.sort { ($0.hash, $0.owner) < ($1.hash, $1.owner) }
    hashes = points.map(\.hash)
    owners = points.map(\.owner)
  }

  /// The first server from the key's point on that `isGood`; nil when none is.
  func owner(of key: UInt64, where isGood: (Int) -> Bool) -> Int? {
    let start = firstPoint(from: key)
    for step in hashes.indices {
      let owner = Int(owners[(start + step) % hashes.count])
      if isGood(owner) { return owner }
    }
    return nil
  }

  private func firstPoint(from key: UInt64) -> Int {
    var (low, high) = (0, hashes.count)
    while low < high {
      let middle = (low + high) / 2
      if hashes[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low == hashes.count ? 0 : low
  }
}
