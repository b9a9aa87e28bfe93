// The inside of a string: `\" \\ \n \t \u{...}` become what they stand for.

struct EscapeReader {
  private let bytes: ArraySlice<UInt8>
  /// The escape that stopped the reader.
  private(set) var escape: Range<Int>

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    escape = bytes.startIndex..<bytes.startIndex
  }

  /// The text, or nil when an escape is none of the language's.
  mutating func text() -> String? {
    var result: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      guard bytes[index] == UInt8(ascii: "\\") else {
        result.append(bytes[index])
        index += 1
        continue
      }
      escape = index..<min(index + 2, bytes.endIndex)
      guard index + 1 < bytes.endIndex else { return nil }
      index += 2
      switch bytes[index - 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): result.append(bytes[index - 1])
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "u"):
        guard let scalar = scalar(at: &index) else { return nil }
        result += Array(String(scalar).utf8)
      default: return nil
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// `{` 1 to 6 hexadecimal digits `}`, being a Unicode scalar other than NUL.
  private func scalar(at index: inout Int) -> Unicode.Scalar? {
    guard index < bytes.endIndex, bytes[index] == UInt8(ascii: "{"),
      let close = bytes[index...].firstIndex(of: UInt8(ascii: "}")),
      (1...6).contains(close - index - 1),
      let value = UInt32(String(decoding: bytes[index + 1..<close], as: UTF8.self), radix: 16),
      value != 0
    else { return nil }
    index = close + 1
    return Unicode.Scalar(value)
  }
}
