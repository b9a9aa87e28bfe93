// The keyed hash behind a bucket's key: SipHash-1-3 over words (Aumasson and Bernstein, 2012). Who
// does not know the seed can neither aim at another's key nor fill one set of a table.

import Bytes

/// The secret of a hasher: random, and one for all tables of a process.
public struct HashSeed: Sendable, Hashable, BitwiseCopyable {
  public let first: UInt64
  public let second: UInt64

  public init(first: UInt64, second: UInt64) {
    self.first = first
    self.second = second
  }

  /// From the system's source.
  public static func random() -> HashSeed {
    HashSeed(first: .random(in: 0 ... .max), second: .random(in: 0 ... .max))
  }
}

/// Hashes the parts of a key. Each part is fed with its length, so that no two keys run together.
public struct KeyHasher {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  public init(seed: HashSeed) {
    v0 = seed.first ^ 0x736f_6d65_7073_6575
    v1 = seed.second ^ 0x646f_7261_6e64_6f6d
    v2 = seed.first ^ 0x6c79_6765_6e65_7261
    v3 = seed.second ^ 0x7465_6462_7974_6573
  }

  /// A whole number of known width, such as one half of an address.
  public mutating func add(word: UInt64) {
    v3 ^= word
    mix()
    v0 ^= word
  }

  /// Text as it is.
  public mutating func add(_ text: Span<UInt8>) {
    add(word: UInt64(text.count))
    var index = 0
    while index <= text.count &- 8 {
      add(word: text.word(at: index))
      index &+= 8
    }
    guard index < text.count else { return }
    add(word: Self.tail(of: text, from: index, isFolded: false))
  }

  /// Text whose case does not matter, such as a host.
  public mutating func add(folding text: Span<UInt8>) {
    add(word: UInt64(text.count))
    var index = 0
    while index < text.count {
      add(word: Self.tail(of: text, from: index, isFolded: true))
      index &+= 8
    }
  }

  /// A part that the request does not have: no text is like it.
  public mutating func addAbsence() { add(word: .max) }

  /// The hash of everything so far; never zero.
  public var value: UInt64 {
    var state = self
    state.v2 ^= 0xff
    state.mix()
    state.mix()
    state.mix()
    let hash = state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    return hash == 0 ? 1 : hash
  }

  /// Up to eight bytes as one word.
  private static func tail(of text: Span<UInt8>, from start: Int, isFolded: Bool) -> UInt64 {
    var word: UInt64 = 0
    for offset in 0..<min(8, text.count - start) {
      let byte = text[start + offset]
      word |= UInt64(isFolded ? ASCII.lowercase(byte) : byte) << UInt64(8 * offset)
    }
    return word
  }

  @inline(__always)
  private mutating func mix() {
    v0 &+= v1
    v1 = (v1 << 13 | v1 >> 51) ^ v0
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v3
    v3 = (v3 << 16 | v3 >> 48) ^ v2
    v0 &+= v3
    v3 = (v3 << 21 | v3 >> 43) ^ v0
    v2 &+= v1
    v1 = (v1 << 17 | v1 >> 47) ^ v2
    v2 = v2 << 32 | v2 >> 32
  }
}
