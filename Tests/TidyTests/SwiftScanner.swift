// Splits Swift text into code and comments, byte by byte, newlines kept. It knows line and nested
// block comments, plain, raw and multiline strings with interpolation, and names in backticks:
// enough to count braces and find words. It is no parser, and takes no regex literals.

/// Reads a Swift text once; `code` and `comments` are as long as the text.
struct SwiftScanner {
  /// The text with comments and the text of strings blanked.
  private(set) var code: [UInt8] = []
  /// The text with all but comments blanked.
  private(set) var comments: [UInt8] = []
  private let text: [UInt8]
  private var at = 0

  private enum Kind { case code, comment, quoted }

  init(_ text: String) {
    self.text = Array(text.utf8)
    code.reserveCapacity(self.text.count)
    comments.reserveCapacity(self.text.count)
  }

  mutating func scan() {
    while at < text.count { scanPiece() }
  }

  /// Takes a comment, a string, a name in backticks, or one byte of code.
  private mutating func scanPiece() {
    switch text[at] {
    case UInt8(ascii: "/") where starts(with: "//"): scanLineComment()
    case UInt8(ascii: "/") where starts(with: "/*"): scanBlockComment()
    case UInt8(ascii: "\""): scanString(hashes: 0)
    case UInt8(ascii: "#"):
      let hashes = text[at...].prefix { $0 == UInt8(ascii: "#") }.count
      if at + hashes < text.count, text[at + hashes] == UInt8(ascii: "\"") {
        scanString(hashes: hashes)
      } else {
        take(as: .code)
      }
    case UInt8(ascii: "`"): scanBackticks()
    default: take(as: .code)
    }
  }

  private mutating func scanLineComment() {
    while at < text.count, text[at] != UInt8(ascii: "\n") { take(as: .comment) }
  }

  private mutating func scanBlockComment() {
    var depth = 0
    repeat {
      if starts(with: "/*") {
        depth += 1
        take(2, as: .comment)
      } else if starts(with: "*/") {
        depth -= 1
        take(2, as: .comment)
      } else {
        take(as: .comment)
      }
    } while depth > 0 && at < text.count
  }

  private mutating func scanBackticks() {
    take(as: .quoted)
    while at < text.count, text[at] != UInt8(ascii: "`"), text[at] != UInt8(ascii: "\n") {
      take(as: .quoted)
    }
    take(as: .quoted)
  }

  private mutating func scanString(hashes: Int) {
    let raw = String(repeating: "#", count: hashes)
    take(hashes, as: .quoted)
    let isMultiline = starts(with: "\"\"\"")
    let quotes = isMultiline ? "\"\"\"" : "\""
    take(quotes.utf8.count, as: .quoted)
    while at < text.count {
      if starts(with: quotes + raw) { return take(quotes.utf8.count + hashes, as: .quoted) }
      if starts(with: "\\" + raw + "(") {
        take(2 + hashes, as: .quoted)
        scanInterpolation()
      } else if hashes == 0, text[at] == UInt8(ascii: "\\") {
        take(2, as: .quoted)
      } else if !isMultiline, text[at] == UInt8(ascii: "\n") {
        return
      } else {
        take(as: .quoted)
      }
    }
  }

  /// Takes what stands between `\(` and its `)` as code: it may hold strings itself.
  private mutating func scanInterpolation() {
    var depth = 1
    while at < text.count, depth > 0 {
      if text[at] == UInt8(ascii: "(") { depth += 1 }
      if text[at] == UInt8(ascii: ")") { depth -= 1 }
      if depth == 0 { take(as: .quoted) } else { scanPiece() }
    }
  }

  private func starts(with word: String) -> Bool {
    text[at...].starts(with: word.utf8)
  }

  private mutating func take(_ count: Int = 1, as kind: Kind) {
    let space = UInt8(ascii: " ")
    for byte in text[at..<min(at + count, text.count)] {
      let isNewline = byte == UInt8(ascii: "\n")
      code.append(isNewline || kind == .code ? byte : space)
      comments.append(isNewline || kind == .comment ? byte : space)
    }
    at = min(at + count, text.count)
  }
}
