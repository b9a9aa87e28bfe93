// Text inside a JSON string, RFC 8259 section 7: log lines and problem bodies carry bytes that a
// stranger chose. What passes unchanged goes sixteen bytes at a time; a byte that needs care leaves
// that path and comes back to it.

extension Output {
  /// Appends bytes as the inside of a JSON string; the quotes around it are the caller's.
  ///
  /// Escaped are `"`, `\`, all control characters (DEL and U+0080...U+009F included), the line
  /// separators U+2028 and U+2029 and the characters that reverse the direction of text, since a
  /// log is read on terminals. Each byte that is not UTF-8 becomes `\ufffd`. The result has at most
  /// six bytes for one.
  public mutating func append(json text: Span<UInt8>) {
    let done = appendPlain(text, from: 0)
    if done < text.count { appendRest(of: text, from: done) }
  }

  /// The text from a byte on that needs care: apart, so that the common way stays short.
  @inline(never) private mutating func appendRest(of text: Span<UInt8>, from start: Int) {
    var index = start
    while index < text.count {
      index += appendEscaped(text, at: index)
      if index < text.count { index += appendPlain(text, from: index) }
    }
  }

  /// Appends at most `max` bytes of the text in that form. A cut is marked with the bytes left out:
  /// `…[+12]`.
  @inlinable public mutating func append(json text: Span<UInt8>, max: Int) {
    if text.count <= max { append(json: text) } else { append(cut: text, max: max) }
  }

  @usableFromInline mutating func append(cut text: Span<UInt8>, max: Int) {
    var end = max
    // A character is not cut apart: continuation bytes go with their first one.
    while end > 0, end > max - 3, text[end] & 0xC0 == 0x80 { end -= 1 }
    append(json: text.extracting(0..<end))
    append("…[+")
    append(decimal: UInt64(text.count - end))
    append("]")
  }

  /// Appends the run of plain ASCII that starts at `from`, and returns its length.
  @inline(__always) private mutating func appendPlain(_ text: Span<UInt8>, from: Int) -> Int {
    let size = text.count - from
    reserve(size)
    let done = unsafe text.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return 0 }
      return unsafe Self.copyPlain(start + from, to: base + count, size)
    }
    used &+= done
    return done
  }

  /// Copies plain bytes up to the first other one. Every load and store lies within `size` bytes:
  /// the last ones overlap what was copied before.
  @inline(__always) private static func copyPlain(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ size: Int
  ) -> Int {
    guard size >= 16 else { return unsafe copyPlainShort(source, to: target, size) }
    let last = size &- 16
    var done = 0
    while true {
      let words = unsafe (source + done).loadUnaligned(as: SIMD2<UInt64>.self)
      guard isPlain(words) else { return unsafe done &+ copyPlainBytes(source, target, done, size) }
      unsafe (target + done).storeBytes(of: words, as: SIMD2<UInt64>.self)
      if done == last { return size }
      done = min(done &+ 16, last)
    }
  }

  private static func copyPlainShort(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ size: Int
  ) -> Int {
    if size >= 8 {
      let last = size &- 8
      let first = unsafe source.loadUnaligned(as: UInt64.self)
      let second = unsafe (source + last).loadUnaligned(as: UInt64.self)
      if isPlain(SIMD2(first, second)) {
        unsafe target.storeBytes(of: first, as: UInt64.self)
        unsafe (target + last).storeBytes(of: second, as: UInt64.self)
        return size
      }
    } else if size >= 4 {
      let last = size &- 4
      let first = unsafe source.loadUnaligned(as: UInt32.self)
      let second = unsafe (source + last).loadUnaligned(as: UInt32.self)
      if isPlain(UInt64(first) | UInt64(second) << 32) {
        unsafe target.storeBytes(of: first, as: UInt32.self)
        unsafe (target + last).storeBytes(of: second, as: UInt32.self)
        return size
      }
    }
    return unsafe copyPlainBytes(source, target, 0, size)
  }

  /// The same byte by byte from `start` on. Returns how many were copied.
  private static func copyPlainBytes(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ start: Int, _ size: Int
  ) -> Int {
    var index = start
    while index < size {
      let byte = unsafe source.load(fromByteOffset: index, as: UInt8.self)
      guard isPlain(byte) else { break }
      unsafe target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      index &+= 1
    }
    return index &- start
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  /// Whether all eight bytes are plain. For a byte below 0x80, `x - k` has its high bit set exactly
  /// when x < k: with 2 exclusive-ored, the quote and all below the blank are below 0x21, and the
  /// blank itself is 0x22.
  private static func isPlain(_ word: UInt64) -> Bool {
    let control = (word ^ 0x0202_0202_0202_0202) &- 0x2121_2121_2121_2121
    let backslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
    let delete = (word ^ 0x7F7F_7F7F_7F7F_7F7F) &- 0x0101_0101_0101_0101
    return (control | backslash | delete | word) & 0x8080_8080_8080_8080 == 0
  }

  private static func isPlain(_ words: SIMD2<UInt64>) -> Bool {
    let one = SIMD2<UInt64>(repeating: 0x0101_0101_0101_0101)
    let control =
      (words ^ SIMD2(repeating: 0x0202_0202_0202_0202))
      &- SIMD2(repeating: 0x2121_2121_2121_2121)
    let backslash = (words ^ SIMD2(repeating: 0x5C5C_5C5C_5C5C_5C5C)) &- one
    let delete = (words ^ SIMD2(repeating: 0x7F7F_7F7F_7F7F_7F7F)) &- one
    let marks = control | backslash | delete | words
    return (marks[0] | marks[1]) & 0x8080_8080_8080_8080 == 0
  }

  /// Appends what stands for the byte or character at `index`, and returns its length in the text.
  private mutating func appendEscaped(_ text: Span<UInt8>, at index: Int) -> Int {
    let byte = text[index]
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case ASCII.lineFeed: append("\\n")
    case ASCII.carriageReturn: append("\\r")
    case ASCII.tab: append("\\t")
    case 0..<0x20, 0x7F: append(escape: UInt32(byte))
    case 0x80...: return appendCharacter(text, at: index)
    // A word that was refused for a neighbour's sake holds plain bytes too.
    default: append(byte)
    }
    return 1
  }

  private mutating func appendCharacter(_ text: Span<UInt8>, at index: Int) -> Int {
    guard let (scalar, size) = UTF8Scalar.decode(text, at: index) else {
      append("\\ufffd")
      return 1
    }
    switch scalar {
    case 0x80...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: append(escape: scalar)
    default: append(text.extracting(index..<index + size))
    }
    return size
  }

  private mutating func append(escape scalar: UInt32) {
    append("\\u")
    append(hex: UInt64(scalar), width: 4)
  }
}
