// Cuts a file into lexemes. It never fails: what cannot be is a lexeme too, and the parser says
// what is wrong with it.

struct Lexer {
  private let bytes: [UInt8]
  private var offset = 0
  private var isSpaced = true

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// All lexemes, the last one being `.end`.
  static func lexemes(of bytes: [UInt8]) -> [Lexeme] {
    var lexer = Lexer(bytes)
    // A byte order mark is refused elsewhere; here it must not hide the first directive.
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { lexer.offset = 3 }
    var found: [Lexeme] = []
    repeat { found.append(lexer.next()) } while found.last?.kind != .end
    return found
  }

  private mutating func next() -> Lexeme {
    while offset < bytes.count, Lexer.isBlank(bytes[offset]) || bytes[offset] == 13 {
      offset += 1
      isSpaced = true
    }
    guard offset < bytes.count else { return lexeme(.end, to: offset) }
    switch bytes[offset] {
    case 10: return newline()
    case UInt8(ascii: "#") where isSpaced: return lexeme(.comment, to: lineEnd)
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: "["): return lexeme(.openList, to: offset + 1)
    case UInt8(ascii: "]"): return lexeme(.closeList, to: offset + 1)
    case UInt8(ascii: "("): return lexeme(.openCall, to: offset + 1)
    case UInt8(ascii: ")"): return lexeme(.closeCall, to: offset + 1)
    case UInt8(ascii: ","): return lexeme(.comma, to: offset + 1)
    case UInt8(ascii: ";"): return lexeme(.semicolon, to: offset + 1)
    case UInt8(ascii: "{") where isSpaced || opensBlock(before: offset + 1):
      return lexeme(.openBlock, to: offset + 1)
    case UInt8(ascii: "}") where isSpaced: return lexeme(.closeBlock, to: offset + 1)
    default: return run()
    }
  }

  private mutating func lexeme(_ kind: Lexeme.Kind, to end: Int) -> Lexeme {
    let found = Lexeme(kind: kind, range: offset..<end, isSpaced: isSpaced)
    offset = end
    // A token may start right after these, so a comment may, too.
    isSpaced = kind == .openList || kind == .openCall || kind == .comma
    return found
  }

  private mutating func newline() -> Lexeme {
    let found = lexeme(.newline, to: offset + 1)
    isSpaced = true
    return found
  }

  private var lineEnd: Int {
    var end = offset
    while end < bytes.count, bytes[end] != 10 { end += 1 }
    while end > offset, Lexer.isBlank(bytes[end - 1]) || bytes[end - 1] == 13 { end -= 1 }
    return end
  }

  private mutating func string() -> Lexeme {
    var end = offset + 1
    while end < bytes.count, bytes[end] != 10 {
      if bytes[end] == UInt8(ascii: "\"") { return lexeme(.string, to: end + 1) }
      end +=
        bytes[end] == UInt8(ascii: "\\") && end + 1 < bytes.count && bytes[end + 1] != 10
        ? 2 : 1
    }
    return lexeme(.unclosedString, to: max(offset + 1, lineEnd))
  }

  private mutating func run() -> Lexeme {
    var end = offset
    while end < bytes.count, !Lexer.endsRun(bytes[end]) { end += 1 }
    if end - offset > 1, opensBlock(before: end) { end -= 1 }
    return lexeme(.run, to: end)
  }

  /// Whether the run ends in a `{` that pairs with nothing and ends its line: a block whose blank
  /// was forgotten.
  private func opensBlock(before end: Int) -> Bool {
    guard bytes[end - 1] == UInt8(ascii: "{") else { return false }
    var next = end
    while next < bytes.count, Lexer.isBlank(bytes[next]) || bytes[next] == 13 { next += 1 }
    return next == bytes.count || bytes[next] == 10 || bytes[next] == UInt8(ascii: "#")
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

  private static func endsRun(_ byte: UInt8) -> Bool {
    switch byte {
    case 9, 10, 13, 32, UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "("),
      UInt8(ascii: ")"), UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: ";"):
      true
    default: false
    }
  }
}
