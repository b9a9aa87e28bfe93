// Tokens that were verified a moment ago: most callers show the same token again and again, and a
// signature costs thirty times as much as a look here.

import OpenSSL
import PolicyChain

/// A bounded table of one identity on one worker: two places for each token, of which the sooner to
/// expire makes room.
struct TokenCache {
  /// Tokens that are remembered: 4096 callers at a time and worker.
  static let placesMax = 4096
  /// Bytes of text of those tokens: a caller's claims take some times the room of their text, so
  /// this keeps a table of large tokens to some ten megabytes.
  static let textBytesMax = 4 << 20

  private struct Place {
    let digest: KeyedDigest.Value
    /// The second since 1970 from which on the token is no good.
    let end: UInt64
    let textBytes: Int
    let principal: Principal
  }

  private var places = [Place?](repeating: nil, count: placesMax)
  private(set) var textBytes = 0
  /// The place that makes room next when there are too many bytes.
  private var hand = 0

  /// The caller that the token proved; nil when it is not known, or has expired.
  func principal(of digest: KeyedDigest.Value, now: UInt64) -> Principal? {
    let index = Self.index(digest)
    if let place = places[index], place.digest == digest {
      return now < place.end ? place.principal : nil
    }
    if let place = places[index ^ 1], place.digest == digest {
      return now < place.end ? place.principal : nil
    }
    return nil
  }

  /// - Parameter count: bytes of the token's text, far below `textBytesMax`.
  mutating func insert(
    _ principal: Principal, of digest: KeyedDigest.Value, bytes count: Int, until end: UInt64
  ) {
    while textBytes + count > Self.textBytesMax {
      clear(hand)
      hand = (hand + 1) % Self.placesMax
    }
    let index = Self.index(digest)
    let first = places[index]?.end ?? 0
    let second = places[index ^ 1]?.end ?? 0
    let isKnown = places[index]?.digest == digest
    let chosen = isKnown || first <= second ? index : index ^ 1
    clear(chosen)
    places[chosen] = Place(digest: digest, end: end, textBytes: count, principal: principal)
    textBytes += count
  }

  mutating func removeAll() {
    for index in places.indices { places[index] = nil }
    textBytes = 0
  }

  private mutating func clear(_ index: Int) {
    textBytes -= places[index]?.textBytes ?? 0
    places[index] = nil
  }

  private static func index(_ digest: KeyedDigest.Value) -> Int {
    Int(truncatingIfNeeded: digest.low) & (placesMax - 1)
  }
}
