// Scans that look at eight bytes at a time. All of them load through `word(at:)`, which is checked
// once per word; what they find is exact, whatever the bytes.

extension Span where Element == UInt8 {
  /// The eight bytes from `index` on as one word, the first byte lowest.
  @inlinable @inline(__always)
  public func word(at index: Int) -> UInt64 {
    precondition(index >= 0 && index <= count &- 8, "A word lies within its span.")
    // All eight bytes lie inside the span by the check above, and the load needs no alignment.
    return unsafe withUnsafeBytes { source in
      unsafe UInt64(littleEndian: source.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }
  }

  /// The index of the first control character other than a tab (0...8, 10...31, 127) at `start` or
  /// later, or `count` when there is none.
  public func firstControl(from start: Int) -> Int {
    precondition(start >= 0, "A scan starts within its span.")
    let count = count
    return unsafe withUnsafeBytes { source in
      guard let base = source.baseAddress else { return count }
      return unsafe Self.firstControl(in: base, from: start, to: count)
    }
  }

  /// The same on memory of `count` bytes: every load below lies within them.
  @inline(__always)
  private static func firstControl(
    in base: UnsafeRawPointer, from start: Int, to count: Int
  ) -> Int {
    var index = start
    while index < count {
      var offset = index
      if count >= 16 {
        // The last block overlaps bytes before `index`, whose marks do not count any more.
        offset = min(index, count &- 16)
        let block = unsafe (base + offset).loadUnaligned(as: SIMD2<UInt64>.self)
        let found = Self.firstMark(in: controls(in: block), from: index &- offset)
        guard found < 16 else {
          index = offset &+ 16
          continue
        }
        index = offset &+ found
      }
      if unsafe ASCII.isControl(base.load(fromByteOffset: index, as: UInt8.self)) { return index }
      index &+= 1
    }
    return count
  }

  /// The first byte at `start` or later that is marked by its high bit; 16 when there is none.
  @inline(__always)
  private static func firstMark(in marks: SIMD2<UInt64>, from start: Int) -> Int {
    if marks[0] | marks[1] == 0 { return 16 }
    let skipped = UInt64(truncatingIfNeeded: start) &* 8
    let low = start < 8 ? UInt64(littleEndian: marks[0]) & (~0 &<< skipped) : 0
    if low != 0 { return low.trailingZeroBitCount &>> 3 }
    let high = UInt64(littleEndian: marks[1]) & (start > 8 ? ~0 &<< (skipped &- 64) : ~0)
    return high != 0 ? 8 &+ high.trailingZeroBitCount &>> 3 : 16
  }

  /// Marks bytes of both words that may be control characters by their high bit. The lowest mark is
  /// never above the first control character: a carry or borrow can only add marks above a true one
  /// or above a byte of 255. So each mark has to be looked at.
  @inline(__always)
  private static func controls(in words: SIMD2<UInt64>) -> SIMD2<UInt64> {
    let low = words &- SIMD2(repeating: 0x2020_2020_2020_2020)
    let high = words &+ SIMD2(repeating: 0x0101_0101_0101_0101)
    return (low | high) & ~words & SIMD2(repeating: 0x8080_8080_8080_8080)
  }

  /// The index of the first byte at `start` or later that is no letter, digit or hyphen, or
  /// `count`.
  ///
  /// Nearly all field names consist of these alone, so that one test of eight bytes settles most
  /// names.
  public func firstNonNameByte(from start: Int) -> Int {
    var index = start
    while index <= count &- 8 {
      let others = ~Self.nameBytes(in: word(at: index)) & 0x8080_8080_8080_8080
      if others != 0 { return index &+ (others.trailingZeroBitCount &>> 3) }
      index &+= 8
    }
    while index < count,
      ASCII.isLetter(self[index]) || ASCII.isDigit(self[index]) || self[index] == 0x2D
    { index &+= 1 }
    return index
  }

  /// The index of the first `byte` at `start` or later, or `count` when there is none.
  public func firstIndex(of byte: UInt8, from start: Int) -> Int {
    let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
    var index = start
    while index <= count &- 8 {
      let difference = word(at: index) ^ pattern
      // The lowest hit is exact: a borrow can only come from a zero byte below.
      let hits = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
      if hits != 0 { return index &+ (hits.trailingZeroBitCount &>> 3) }
      index &+= 8
    }
    while index < count, self[index] != byte { index &+= 1 }
    return index
  }

  /// The high bit of each byte of the result tells whether that byte of `word` is a letter, digit
  /// or hyphen.
  @inline(__always)
  private static func nameBytes(in word: UInt64) -> UInt64 {
    // Seven bits per byte, so that no addition carries into the next byte.
    let low = word & 0x7F7F_7F7F_7F7F_7F7F
    let lowered = low | 0x2020_2020_2020_2020
    // At least `a` and not above `z`; at least `0` and not above `9`; equal to `-`.
    let letters = (lowered &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(lowered &+ 0x0505_0505_0505_0505)
    let digits = (low &+ 0x5050_5050_5050_5050) & ~(low &+ 0x4646_4646_4646_4646)
    let hyphens = ~((low ^ 0x2D2D_2D2D_2D2D_2D2D) &+ 0x7F7F_7F7F_7F7F_7F7F)
    return (letters | digits | hyphens) & ~word
  }

  /// The first and the last of the `size` bytes from `start` on, at most eight of each, with
  /// letters in lower case: all of a name of up to sixteen bytes, and enough to tell most others
  /// apart. Names of fewer than eight bytes give the same word twice, filled up with blanks. Nil
  /// when a control character would pass for a digit or a hyphen.
  public func lowercasedEnds(from start: Int, count size: Int) -> (first: UInt64, last: UInt64)? {
    precondition(start >= 0 && size >= 0 && size <= count &- start, "A name lies within its span.")
    let lower: UInt64 = 0x2020_2020_2020_2020
    if size >= 8 {
      let first = word(at: start)
      let last = word(at: start &+ size &- 8)
      guard Self.areVisible(first), Self.areVisible(last) else { return nil }
      return (first | lower, last | lower)
    }
    // Behind a name there is nearly always more, and the word may reach into it.
    var word: UInt64 = 0
    if start <= count &- 8 {
      word = self.word(at: start)
    } else {
      for index in 0..<size { word |= UInt64(self[start &+ index]) &<< UInt64(index &* 8) }
    }
    let wanted = ~(~0 &<< UInt64(truncatingIfNeeded: size &* 8))
    word = word & wanted | lower & ~wanted
    guard Self.areVisible(word) else { return nil }
    return (word | lower, word | lower)
  }

  /// Whether one of the bytes is a control character other than a tab.
  public var hasControl: Bool {
    let count = count
    return unsafe withUnsafeBytes { source in
      guard let base = source.baseAddress else { return false }
      // Nearly all text has none, and then no mark either.
      guard unsafe count < 16 || Self.mayHaveControl(in: base, count) else { return false }
      return unsafe Self.firstControl(in: base, from: 0, to: count) < count
    }
  }

  /// Whether a byte is marked by `controls`, in memory of `count` bytes, at least sixteen: the last
  /// load overlaps what was looked at before.
  @inline(__always)
  private static func mayHaveControl(in base: UnsafeRawPointer, _ count: Int) -> Bool {
    let last = count &- 16
    var marks = controls(in: unsafe (base + last).loadUnaligned(as: SIMD2<UInt64>.self))
    var index = 0
    while index < last {
      marks |= controls(in: unsafe (base + index).loadUnaligned(as: SIMD2<UInt64>.self))
      index &+= 16
    }
    return marks[0] | marks[1] != 0
  }

  /// Whether all bytes are above the blank and none is DEL: a target or an authority as it may
  /// stand in a head.
  public var isGraphic: Bool {
    var index = 0
    if count >= 8 {
      while index < count {
        let word = word(at: Swift.min(index, count &- 8))
        // As for `controls`: each mark has to be looked at.
        let marks =
          ((word &- 0x2121_2121_2121_2121) | (word &+ 0x0101_0101_0101_0101)) & ~word
          & 0x8080_8080_8080_8080
        if marks != 0 { break }
        index &+= 8
      }
    }
    index = index < count ? 0 : count
    while index < count {
      if self[index] <= 0x20 || self[index] == 0x7F { return false }
      index &+= 1
    }
    return true
  }

  /// Whether the bytes equal `name`, a field name of letters, digits and hyphens, whatever the case
  /// of both.
  public func equalsName(_ name: StaticString) -> Bool {
    guard count == name.utf8CodeUnitCount else { return false }
    let other = name.bytes
    guard count >= 8 else {
      for index in 0..<count where ASCII.lowercase(self[index]) != ASCII.lowercase(other[index]) {
        return false
      }
      return true
    }
    var index = 0
    while index < count &- 8 {
      guard Self.areEqualNames(word(at: index), other.word(at: index)) else { return false }
      index &+= 8
    }
    return Self.areEqualNames(word(at: count &- 8), other.word(at: count &- 8))
  }

  @inline(__always)
  private static func areEqualNames(_ bytes: UInt64, _ name: UInt64) -> Bool {
    let lower: UInt64 = 0x2020_2020_2020_2020
    return bytes | lower == name | lower && areVisible(bytes)
  }

  /// Whether no byte is a control character, which the bit that makes letters lower case would turn
  /// into a digit or hyphen.
  @inline(__always)
  private static func areVisible(_ bytes: UInt64) -> Bool {
    (bytes | bytes &<< 1) & 0x4040_4040_4040_4040 == 0x4040_4040_4040_4040
  }
}
