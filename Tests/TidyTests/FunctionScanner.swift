// Finds functions and their lengths in Swift code that has lost its comments and strings. A
// declaration without a body, as in a protocol, is passed over.

/// A function or initializer with a body.
struct FunctionSpan: Equatable {
  let line: Int
  let lineCount: Int
}

/// Reads the code of one file from top to bottom.
struct FunctionScanner {
  private let text: [UInt8]

  init(_ code: [String]) {
    text = Array(code.joined(separator: "\n").utf8)
  }

  /// Every function, nested ones too; lines count from one.
  func functions() -> [FunctionSpan] {
    var found: [FunctionSpan] = []
    var line = 1
    for at in text.indices {
      if text[at] == UInt8(ascii: "\n") { line += 1 }
      guard isDeclaration(at), let opening = bodyOpening(after: at) else { continue }
      let newlines = text[at..<closing(of: opening)].count { $0 == UInt8(ascii: "\n") }
      found.append(FunctionSpan(line: line, lineCount: newlines + 1))
    }
    return found
  }

  private func isDeclaration(_ at: Int) -> Bool {
    switch text[at] {
    case UInt8(ascii: "f"): isWord("func", at)
    case UInt8(ascii: "i"): isWord("init", at)
    case UInt8(ascii: "d"): isWord("deinit", at)
    default: false
    }
  }

  private func isWord(_ word: String, _ at: Int) -> Bool {
    guard text[at...].starts(with: word.utf8) else { return false }
    let end = at + word.utf8.count
    let before = at == 0 ? UInt8(ascii: " ") : text[at - 1]
    // `.init(...)` is a call.
    return !isNamePart(before) && before != UInt8(ascii: ".")
      && (end == text.count || !isNamePart(text[end]))
  }

  private func isNamePart(_ byte: UInt8) -> Bool {
    let character = Character(UnicodeScalar(byte))
    return byte > 127 || character.isLetter || character.isNumber || character == "_"
  }

  /// The `{` of the body, nil when the declaration ends without one.
  private func bodyOpening(after start: Int) -> Int? {
    var depth = 0
    var sawParameters = text[start] == UInt8(ascii: "d")
    for at in text.indices[start...] {
      switch text[at] {
      case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"):
        depth -= 1
        sawParameters = sawParameters || depth == 0
      case UInt8(ascii: "{") where depth == 0: return at
      case UInt8(ascii: "}") where depth == 0: return nil
      case UInt8(ascii: "\n") where depth == 0 && sawParameters:
        guard continues(across: at) else { return nil }
      default: break
      }
    }
    return nil
  }

  /// Whether the line after this newline still belongs to the signature before it.
  private func continues(across newline: Int) -> Bool {
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }
    if text[..<newline].last(where: { !isBlank($0) }) == UInt8(ascii: ",") { return true }
    let rest = text[newline...].drop(while: isBlank)
    return ["{", "->", "throws", "rethrows", "async", "where"].contains {
      rest.starts(with: $0.utf8)
    }
  }

  private func closing(of opening: Int) -> Int {
    var depth = 0
    for at in text.indices[opening...] {
      if text[at] == UInt8(ascii: "{") { depth += 1 }
      if text[at] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return at }
    }
    return text.count
  }
}
