// `sluice fmt`: two blanks per level, one blank between values, trailing comments aligned within a
// block. It moves blanks only: words, strings, comments and line breaks within lists stay as their
// author wrote them.

/// Formats config files.
package enum Formatter {
  /// The formatted text; nil when the file has syntax errors, which are returned.
  package static func format(
    _ source: SourceText, schema: Schema
  ) -> (text: String?, diagnostics: [Diagnostic]) {
    let problems =
      TextCheck.problems(in: source)
      + Parser.parse(source) { schema.isContainer($0) }.diagnostics
    guard problems.isEmpty else { return (nil, problems) }
    var layout = FormattedLines(source.bytes)
    return (layout.text(), [])
  }

  /// What `fmt --check` prints: the lines that would change; empty when the file is formatted.
  package static func difference(from old: String, to new: String, path: String) -> String {
    guard old != new else { return "" }
    return LineDifference(old: old, new: new).text(path: path)
  }
}

/// The lines of a file as they are laid out.
private struct FormattedLines {
  private struct Line {
    /// The block that the line stands in, whose trailing comments are aligned together.
    var block: Int
    var text: String
    var comment: String?
    /// Whether the line has nothing but its comment, which is then not aligned.
    var isCommentOnly: Bool { text.allSatisfy { $0 == " " } && comment != nil }
    var isBlank: Bool { text.isEmpty && comment == nil }
  }

  private let bytes: [UInt8]
  private var lines: [Line] = []
  private var blocks = [0]
  private var blockCount = 1
  private var listDepth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func text() -> String {
    var line: [Lexeme] = []
    for lexeme in Lexer.lexemes(of: bytes) {
      if lexeme.kind == .newline || lexeme.kind == .end {
        append(line)
        line = []
      } else {
        line.append(lexeme)
      }
    }
    dropBlankLines()
    return render()
  }

  private mutating func append(_ lexemes: [Lexeme]) {
    var content = lexemes[...]
    var comment: String?
    if let last = content.last, last.kind == .comment {
      comment = text(of: last)
      content = content.dropLast()
    }
    if content.first?.kind == .closeBlock, blocks.count > 1 { blocks.removeLast() }
    let closesList = content.first?.kind == .closeList
    let inner = listDepth > 0 && !closesList ? 1 : 0
    let isEmpty = content.isEmpty && comment == nil
    let indent = isEmpty ? "" : String(repeating: "  ", count: blocks.count - 1 + inner)
    lines.append(
      Line(block: blocks[blocks.count - 1], text: indent + joined(content), comment: comment))
    for lexeme in content {
      if lexeme.kind == .openList { listDepth += 1 }
      if lexeme.kind == .closeList { listDepth -= 1 }
    }
    if content.last?.kind == .openBlock {
      blocks.append(blockCount)
      blockCount += 1
    }
  }

  /// One blank where there was one; none inside brackets; one after a comma.
  private func joined(_ lexemes: ArraySlice<Lexeme>) -> String {
    var text = ""
    var last: Lexeme.Kind?
    for lexeme in lexemes {
      let isSpaced = lexeme.range.lowerBound > 0 && isBlankBefore(lexeme)
      switch (last, lexeme.kind) {
      case (nil, _), (.openList, _), (_, .closeList), (.openCall, _), (_, .closeCall),
        (_, .openCall), (_, .comma):
        break
      case (.comma, _): text += " "
      default: if isSpaced { text += " " }
      }
      text += self.text(of: lexeme)
      last = lexeme.kind
    }
    return text
  }

  private func isBlankBefore(_ lexeme: Lexeme) -> Bool {
    Lexer.isBlank(bytes[lexeme.range.lowerBound - 1])
  }

  private func text(of lexeme: Lexeme) -> String {
    String(decoding: bytes[lexeme.range], as: UTF8.self)
  }

  /// One blank line at most, and none at the edges of a block or file.
  private mutating func dropBlankLines() {
    var kept: [Line] = []
    for line in lines {
      if line.isBlank, kept.last.map({ $0.isBlank || $0.text.hasSuffix("{") }) ?? true { continue }
      if line.text.hasSuffix("}"), line.text.drop(while: { $0 == " " }) == "}",
        kept.last?.isBlank == true
      {
        kept.removeLast()
      }
      kept.append(line)
    }
    while kept.last?.isBlank == true { kept.removeLast() }
    lines = kept
  }

  private func render() -> String {
    var widths: [Int: Int] = [:]
    for line in lines where line.comment != nil && !line.isCommentOnly {
      widths[line.block] = max(widths[line.block] ?? 0, line.text.unicodeScalars.count)
    }
    var text = ""
    for line in lines {
      text += line.text
      if let comment = line.comment {
        if !line.isCommentOnly {
          let width = widths[line.block] ?? 0
          let count = width - line.text.unicodeScalars.count + 2
          text += String(repeating: " ", count: count)
        }
        text += comment
      }
      text += "\n"
    }
    return text
  }
}
