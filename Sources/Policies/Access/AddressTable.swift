// Which addresses pass, as sorted runs with one verdict each: however many networks a config lists,
// a request costs one binary search and allocates nothing.

import Bytes
import Configuration

struct AddressTable {
  /// The addresses from `start` to the next run's.
  private struct Run {
    let start: UInt128
    let isAllowed: Bool
  }

  // Two tables, since no IPv6 network holds an IPv4 address, however that came.
  private let v4: [Run]
  private let v6: [Run]

  /// - Parameters:
  ///   - allowed: networks that pass; when there are none, every network does.
  ///   - denied: networks that do not pass, whatever the other list says.
  init(allowed: [CIDR], denied: [CIDR]) {
    v4 = Self.runs(allowed, denied, isV4: true)
    v6 = Self.runs(allowed, denied, isV4: false)
  }

  func allows(_ address: Bytes.IPAddress) -> Bool {
    address.isV4
      ? Self.verdict(on: UInt128(address.low & 0xffff_ffff), v4)
      : Self.verdict(on: UInt128(address.high) << 64 | UInt128(address.low), v6)
  }

  private static func verdict(on address: UInt128, _ runs: [Run]) -> Bool {
    // The first run starts at zero, so there is always one at or before the address.
    var (low, high) = (0, runs.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if runs[middle].start <= address { low = middle } else { high = middle }
    }
    return runs[low].isAllowed
  }

  private typealias Span128 = ClosedRange<UInt128>

  private static func runs(_ allowed: [CIDR], _ denied: [CIDR], isV4: Bool) -> [Run] {
    let last = isV4 ? UInt128(UInt32.max) : .max
    let passing = allowed.isEmpty ? [0...last] : merged(allowed, isV4: isV4, last: last)
    var runs = [Run(start: 0, isAllowed: false)]
    for range in subtracting(merged(denied, isV4: isV4, last: last), from: passing) {
      if range.lowerBound == 0 { runs = [] }
      runs.append(Run(start: range.lowerBound, isAllowed: true))
      if range.upperBound < last {
        runs.append(Run(start: range.upperBound + 1, isAllowed: false))
      }
    }
    return runs
  }

  /// The networks of one family as ranges that do not touch, in order.
  private static func merged(_ networks: [CIDR], isV4: Bool, last: UInt128) -> [Span128] {
    let ranges = networks.filter { $0.address.isV4 == isV4 }.map { network in
      let host = last >> UInt128(network.prefixLength)
      return network.address.bits...(network.address.bits | host)
    }.sorted { $0.lowerBound < $1.lowerBound }
    var merged: [Span128] = []
    for range in ranges {
      guard let before = merged.last,
        before.upperBound == last
          || range.lowerBound <= before.upperBound + 1
      else {
        merged.append(range)
        continue
      }
      let end = max(before.upperBound, range.upperBound)
      merged[merged.count - 1] = before.lowerBound...end
    }
    return merged
  }

  /// Both lists are in order and do not touch; so is what is left.
  private static func subtracting(_ removed: [Span128], from ranges: [Span128]) -> [Span128] {
    var left: [Span128] = []
    var next = 0
    for range in ranges {
      while next < removed.count, removed[next].upperBound < range.lowerBound { next += 1 }
      var start = range.lowerBound
      var isSpent = false
      var index = next
      while index < removed.count, removed[index].lowerBound <= range.upperBound {
        if removed[index].lowerBound > start { left.append(start...removed[index].lowerBound - 1) }
        guard removed[index].upperBound < range.upperBound else {
          isSpent = true
          break
        }
        start = removed[index].upperBound + 1
        index += 1
      }
      if !isSpent { left.append(start...range.upperBound) }
    }
    return left
  }
}
