// A set of status codes, as a config lists them: `502 503`, `500..599`.

/// Status codes from 100 to 599.
package struct StatusSet: Sendable, Hashable {
  private var words = [UInt64](repeating: 0, count: 8)

  /// - Parameter ranges: codes outside of 100...599 are left out.
  package init(_ ranges: [ClosedRange<Int>]) {
    for range in ranges {
      for code in range.clamped(to: 100...599) {
        words[(code - 100) / 64] |= 1 << UInt64((code - 100) % 64)
      }
    }
  }

  package func contains(_ status: UInt16) -> Bool {
    guard (100...599).contains(status) else { return false }
    let index = Int(status) - 100
    return words[index / 64] & (1 << UInt64(index % 64)) != 0
  }
}
