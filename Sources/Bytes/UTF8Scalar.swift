// One character out of bytes that may or may not be UTF-8. RFC 3629 section 4.

public enum UTF8Scalar {
  /// The scalar that starts at `index`, and its length; nil where the bytes are not UTF-8: a stray
  /// or missing continuation, an overlong form, a surrogate, or a number over U+10FFFF.
  public static func decode(_ text: Span<UInt8>, at index: Int) -> (scalar: UInt32, size: Int)? {
    let first = text[index]
    guard first >= 0x80 else { return (UInt32(first), 1) }
    let size: Int
    let least: UInt32
    switch first {
    case 0xC2...0xDF: (size, least) = (2, 0x80)
    case 0xE0...0xEF: (size, least) = (3, 0x800)
    case 0xF0...0xF4: (size, least) = (4, 0x10000)
    default: return nil
    }
    guard text.count - index >= size else { return nil }
    var scalar = UInt32(first) & (0x7F >> UInt32(size))
    for offset in 1..<size {
      let byte = text[index + offset]
      guard byte & 0xC0 == 0x80 else { return nil }
      scalar = scalar << 6 | UInt32(byte & 0x3F)
    }
    guard scalar >= least, scalar <= 0x10FFFF, !(0xD800...0xDFFF).contains(scalar) else {
      return nil
    }
    return (scalar, size)
  }
}
