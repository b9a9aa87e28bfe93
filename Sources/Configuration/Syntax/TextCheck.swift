// What no config file may hold: bytes that are not UTF-8, a byte order mark, control characters,
// and the bidirectional controls that make a line read differently from what it says
// (CVE-2021-42574).

enum TextCheck {
  /// Everything wrong with the characters of a file; the first entry of each line.
  static func problems(in source: SourceText) -> [Diagnostic] {
    let bytes = source.bytes
    guard String(validating: bytes, as: UTF8.self) != nil else {
      let offset = firstInvalid(bytes)
      return [
        Diagnostic(
          .badText, "the file is not UTF-8", at: source.location(offset..<offset + 1))
      ]
    }
    var found: [Diagnostic] = []
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
      found.append(
        Diagnostic(
          .badText, "a byte order mark may not start a file", at: source.location(0..<3)))
    }
    var lastLine = 0
    for offset in bytes.indices {
      guard let name = forbidden(bytes, at: offset) else { continue }
      let location = source.location(offset..<offset + 1)
      guard location.line != lastLine else { continue }
      lastLine = location.line
      found.append(Diagnostic(.badText, "\(name) may not stand in a config", at: location))
    }
    return found
  }

  private static func forbidden(_ bytes: [UInt8], at offset: Int) -> String? {
    let byte = bytes[offset]
    if byte == 13 {
      let isLineEnd = offset + 1 < bytes.count && bytes[offset + 1] == 10
      return isLineEnd ? nil : "a carriage return without a line feed"
    }
    if byte < 32, byte != 9, byte != 10 { return "a control character" }
    if byte == 127 { return "a control character" }
    guard offset + 1 < bytes.count else { return nil }
    if byte == 0xc2, 0x80...0x9f ~= bytes[offset + 1] { return "a control character" }
    if byte == 0xd8, bytes[offset + 1] == 0x9c { return "a bidirectional control" }
    guard byte == 0xe2, offset + 2 < bytes.count else { return nil }
    switch (bytes[offset + 1], bytes[offset + 2]) {
    // U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
    case (0x80, 0x8e...0x8f), (0x80, 0xaa...0xae), (0x81, 0xa6...0xa9):
      return "a bidirectional control"
    case (0x80, 0xa8...0xa9): return "a line separator that is no line end"
    default: return nil
    }
  }

  /// The first byte that makes the whole invalid.
  private static func firstInvalid(_ bytes: [UInt8]) -> Int {
    var decoder = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let scalar): offset += scalar.count
      case .emptyInput, .error: return min(offset, max(0, bytes.count - 1))
      }
    }
  }
}
