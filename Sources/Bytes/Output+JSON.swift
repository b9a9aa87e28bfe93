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
    var index = 0
    while index < text.count {
      index += appendPlain(text, from: index)
      if index < text.count { index += appendEscaped(text, at: index) }
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
  private mutating func appendPlain(_ text: Span<UInt8>, from: Int) -> Int {
    let size = text.count - from
    var done = 0
    unsafe text.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      // Sixteen bytes are loaded only where they lie inside the text, and stored only where there
      // is room for them.
      unsafe fill(room: size) { target in
        let from = unsafe start + from
        while done + 16 <= size {
          let words = unsafe (from + done).loadUnaligned(as: SIMD2<UInt64>.self)
          guard Self.isPlain(words) else { return done }
          unsafe (target + done).storeBytes(of: words, as: SIMD2<UInt64>.self)
          done += 16
        }
        if done + 8 <= size {
          let word = unsafe (from + done).loadUnaligned(as: UInt64.self)
          guard Self.isPlain(word) else { return done }
          unsafe (target + done).storeBytes(of: word, as: UInt64.self)
          done += 8
        }
        while done < size {
          let byte = unsafe from.load(fromByteOffset: done, as: UInt8.self)
          guard Self.isPlain(byte) else { return done }
          unsafe target.storeBytes(of: byte, toByteOffset: done, as: UInt8.self)
          done += 1
        }
        return done
      }
    }
    return done
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  /// Whether all eight bytes are plain. For a byte below 0x80, `x - k` has its high bit set exactly
  /// when x < k: with 2 exclusive-ored, the quote and all below the blank are below 0x21, and the
  /// blank itself is 0x22.
  private static func isPlain(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let control = (word ^ ones &* 0x02) &- ones &* 0x21
    let backslash = (word ^ ones &* 0x5C) &- ones
    let delete = (word ^ ones &* 0x7F) &- ones
    return (control | backslash | delete | word) & 0x8080_8080_8080_8080 == 0
  }

  private static func isPlain(_ words: SIMD2<UInt64>) -> Bool {
    let ones = SIMD2<UInt64>(repeating: 0x0101_0101_0101_0101)
    let control = (words ^ ones &* 0x02) &- ones &* 0x21
    let backslash = (words ^ ones &* 0x5C) &- ones
    let delete = (words ^ ones &* 0x7F) &- ones
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
