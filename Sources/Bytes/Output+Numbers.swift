// Numbers as decimal text: content lengths, log lines, metrics. Two digits at a time, without a
// table.

extension Output {
  /// Appends the number in decimal digits, without sign or padding.
  @inlinable public mutating func append(decimal number: UInt64) {
    // Counts and sizes are often a single digit.
    if number < 10 { append(48 &+ UInt8(truncatingIfNeeded: number)) } else { appendLong(number) }
  }

  @usableFromInline mutating func appendLong(_ number: UInt64) {
    if number < 1000 { return appendShort(UInt32(truncatingIfNeeded: number)) }
    let digits = Self.digitCount(of: number)
    unsafe fill(room: 20) { start in
      unsafe Self.store(number, digits: digits, at: start)
      return digits
    }
  }

  /// Appends a number of two or three digits in one store: status codes, and most sizes.
  private mutating func appendShort(_ number: UInt32) {
    // 5243/2^19 is a hundredth below 1000, and 103/2^10 a tenth below 100.
    let hundreds = (number &* 5243) &>> 19
    let rest = number &- hundreds &* 100
    let tens = (rest &* 103) &>> 10
    let text = 0x30_3030 | hundreds | tens &<< 8 | (rest &- tens &* 10) &<< 16
    let missing: UInt32 = number < 100 ? 1 : 0
    reserve(4)
    unsafe (base + count).storeBytes(of: (text &>> (missing &* 8)).littleEndian, as: UInt32.self)
    used &+= 3 &- Int(missing)
  }

  /// Appends the last `width` decimal digits of the number, with leading zeros.
  public mutating func append(decimal number: UInt64, width: Int) {
    precondition(width > 0 && width <= 20, "A number has one to twenty digits.")
    unsafe fill(room: 20) { start in
      unsafe Self.store(number, digits: width, at: start)
      return width
    }
  }

  /// Appends a duration as milliseconds with three decimals, cut and not rounded: 1234567 is
  /// `1.234`.
  public mutating func append(milliseconds nanoseconds: UInt64) {
    let microseconds = nanoseconds / 1000
    let thousandths = UInt32(truncatingIfNeeded: microseconds % 1000)
    append(decimal: microseconds / 1000)
    // The four bytes of `.123` in one store: 5243/2^19 is a hundredth below 1000, and 103/2^10 a
    // tenth below 100.
    let hundreds = (thousandths &* 5243) >> 19
    let rest = thousandths &- hundreds &* 100
    let tens = (rest &* 103) >> 10
    let text =
      0x3030_302E | hundreds << 8 | tens << 16 | (rest &- tens &* 10) << 24
    reserve(4)
    unsafe (base + count).storeBytes(of: text.littleEndian, as: UInt32.self)
    used &+= 4
  }

  private static func digitCount(of number: UInt64) -> Int {
    var rest = number
    var digits = 0
    while rest >= 10000 {
      rest /= 10000
      digits += 4
    }
    if rest < 10 { return digits + 1 }
    if rest < 100 { return digits + 2 }
    return rest < 1000 ? digits + 3 : digits + 4
  }

  /// Writes the last `digits` digits from the right to the left; the caller has room for them.
  private static func store(_ number: UInt64, digits: Int, at start: UnsafeMutableRawPointer) {
    var rest = number
    var offset = digits
    while offset >= 2 {
      let pair = UInt16(truncatingIfNeeded: rest % 100)
      rest /= 100
      offset -= 2
      // The tens come first in memory: 103/1024 is a tenth for every number below 100.
      let tens = (pair &* 103) >> 10
      let text = 0x3030 | tens | (pair &- tens &* 10) << 8
      unsafe start.storeBytes(of: text.littleEndian, toByteOffset: offset, as: UInt16.self)
    }
    guard offset == 1 else { return }
    let digit = 48 + UInt8(truncatingIfNeeded: rest % 10)
    unsafe start.storeBytes(of: digit, as: UInt8.self)
  }
}
