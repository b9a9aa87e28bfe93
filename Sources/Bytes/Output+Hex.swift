// Numbers as hexadecimal text: ids and escapes. All digits of a word at once, without a loop or a
// table.

extension Output {
  /// Appends the number in lower-case hexadecimal digits, padded with zeros to `width`, which is
  /// sixteen at most.
  public mutating func append(hex number: UInt64, width: Int = 1) {
    let significant = (67 &- number.leadingZeroBitCount) &>> 2
    let digits = max(width, significant)
    precondition(width >= 0 && digits <= 16, "A word has sixteen hexadecimal digits.")
    reserve(16)
    let low = Self.hexDigits(of: UInt32(truncatingIfNeeded: number))
    let start = unsafe base + used
    // Both stores lie within the sixteen bytes of room.
    if digits <= 8 {
      // The leading digits that are not wanted are shifted out at the front.
      let text = low &>> UInt64(truncatingIfNeeded: (8 &- digits) &* 8)
      unsafe start.storeBytes(of: text.littleEndian, as: UInt64.self)
    } else {
      let high = Self.hexDigits(of: UInt32(truncatingIfNeeded: number &>> 32))
      let text = high &>> UInt64(truncatingIfNeeded: (16 &- digits) &* 8)
      unsafe start.storeBytes(of: text.littleEndian, as: UInt64.self)
      unsafe (start + (digits - 8)).storeBytes(of: low.littleEndian, as: UInt64.self)
    }
    used &+= digits
  }

  /// Appends all sixteen digits of the number.
  public mutating func append(sixteenHexDigits number: UInt64) {
    reserve(16)
    // Both stores lie within the room.
    unsafe Self.storeHex(number, at: base + used)
    used &+= 16
  }

  /// Appends a UUID of two words as RFC 9562 section 4 writes it.
  public mutating func append(uuid high: UInt64, _ low: UInt64) {
    reserve(36)
    let start = unsafe base + used
    let hyphen = UInt8(ascii: "-")
    // Groups of 8, 4, 4, 4 and 12 digits, four of them at a time: all stores lie within the room.
    let first = Self.hexDigits(of: UInt32(truncatingIfNeeded: high &>> 32))
    let second = Self.hexDigits(of: UInt32(truncatingIfNeeded: high))
    let third = Self.hexDigits(of: UInt32(truncatingIfNeeded: low &>> 32))
    let fourth = Self.hexDigits(of: UInt32(truncatingIfNeeded: low))
    unsafe start.storeBytes(of: first.littleEndian, as: UInt64.self)
    unsafe Self.store(half: second, after: hyphen, at: start + 8)
    unsafe Self.store(half: second &>> 32, after: hyphen, at: start + 13)
    unsafe Self.store(half: third, after: hyphen, at: start + 18)
    unsafe Self.store(half: third &>> 32, after: hyphen, at: start + 23)
    unsafe (start + 28).storeBytes(of: fourth.littleEndian, as: UInt64.self)
    used &+= 36
  }

  /// Stores a byte and the four lower ones of a word of text: five bytes.
  @inline(__always)
  private static func store(half: UInt64, after byte: UInt8, at start: UnsafeMutableRawPointer) {
    let text = UInt32(truncatingIfNeeded: half)
    unsafe start.storeBytes(of: byte, as: UInt8.self)
    unsafe (start + 1).storeBytes(of: text.littleEndian, as: UInt32.self)
  }

  /// Stores sixteen digits.
  @inline(__always)
  private static func storeHex(_ number: UInt64, at start: UnsafeMutableRawPointer) {
    let high = hexDigits(of: UInt32(truncatingIfNeeded: number &>> 32))
    let low = hexDigits(of: UInt32(truncatingIfNeeded: number))
    unsafe start.storeBytes(of: high.littleEndian, as: UInt64.self)
    unsafe (start + 8).storeBytes(of: low.littleEndian, as: UInt64.self)
  }

  /// The eight digits of a number as text, the first digit in the lowest byte.
  @inline(__always)
  private static func hexDigits(of number: UInt32) -> UInt64 {
    // Each step parts what stands together, until each byte holds one digit.
    var digits = UInt64(number)
    digits = (digits | digits &<< 16) & 0x0000_FFFF_0000_FFFF
    digits = (digits | digits &<< 8) & 0x00FF_00FF_00FF_00FF
    digits = (digits | digits &<< 4) & 0x0F0F_0F0F_0F0F_0F0F
    // Six more carry the digits above nine, and no others, into the next four bits.
    let letters = ((digits &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
    return (digits &+ 0x3030_3030_3030_3030 &+ letters &* 39).byteSwapped
  }
}
