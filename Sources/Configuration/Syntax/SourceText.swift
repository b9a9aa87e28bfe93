// One config file: its bytes, its lines, and how it came to be read.

/// The text of a file and where it was included from.
package struct SourceText: Sendable {
  package let path: String
  /// The `include` that names the file; nil for the root.
  package let includedFrom: SourceLocation?
  let bytes: [UInt8]
  /// The offset of the first byte of each line.
  private let lineStarts: [Int]

  package init(path: String, bytes: [UInt8], includedFrom: SourceLocation? = nil) {
    self.path = path
    self.bytes = bytes
    self.includedFrom = includedFrom
    lineStarts = [0] + bytes.indices.filter { bytes[$0] == 10 }.map { $0 + 1 }
  }

  /// The location of a run of bytes; one that goes on past its line is underlined to the line's
  /// end.
  func location(_ range: Range<Int>) -> SourceLocation {
    let line = self.line(at: range.lowerBound)
    let start = lineStarts[line]
    let lineEnd = end(ofLine: line)
    let stop = max(range.lowerBound, min(range.upperBound, lineEnd))
    return SourceLocation(
      file: path, line: line + 1, column: scalars(in: start..<range.lowerBound) + 1,
      length: scalars(in: range.lowerBound..<stop))
  }

  /// The text of a line that counts from 1, without its line end; nil when there is none.
  package func line(_ number: Int) -> String? {
    guard lineStarts.indices.contains(number - 1) else { return nil }
    let range = lineStarts[number - 1]..<end(ofLine: number - 1)
    return String(decoding: bytes[range], as: UTF8.self)
  }

  /// Blanks in front of the line that holds `offset`.
  func indent(at offset: Int) -> Int {
    let start = lineStarts[line(at: offset)]
    return bytes[start...].prefix { $0 == 32 || $0 == 9 }.count
  }

  /// The line, from 0, that holds `offset`.
  private func line(at offset: Int) -> Int {
    var (low, high) = (0, lineStarts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }

  private func end(ofLine line: Int) -> Int {
    var end = line + 1 < lineStarts.count ? lineStarts[line + 1] - 1 : bytes.count
    if end > lineStarts[line], bytes[end - 1] == 13 { end -= 1 }
    return end
  }

  private func scalars(in range: Range<Int>) -> Int {
    range.reduce(0) { $0 + (bytes[$1] & 0xc0 == 0x80 ? 0 : 1) }
  }
}
