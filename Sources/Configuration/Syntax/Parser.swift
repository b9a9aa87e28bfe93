// Reads lexemes into statements and goes on after an error at the next statement, so that one run
// reports all of them.

/// A parser for one file.
struct Parser {
  /// Blocks within blocks. Groups nest, but no one reads ten levels, and the recursion must end.
  static let depthMax = 16

  let source: SourceText
  let lexemes: [Lexeme]
  /// Whether a directive always opens a block, which recovery asks when `{` is missing.
  private let isContainer: (String) -> Bool
  /// Whether blocks end by indentation: only in a file whose braces do not add up.
  private let endsByIndent: Bool
  var index = 0
  private(set) var diagnostics: [Diagnostic] = []
  private var isBraceMissing = false

  private init(_ source: SourceText, endsByIndent: Bool, isContainer: @escaping (String) -> Bool) {
    self.source = source
    self.endsByIndent = endsByIndent
    self.isContainer = isContainer
    lexemes = Lexer.lexemes(of: source.bytes)
  }

  /// Parses a file. Where a `}` is missing it is read again, with indentation as the witness.
  static func parse(
    _ source: SourceText, isContainer: @escaping (String) -> Bool
  ) -> (statements: [Statement], diagnostics: [Diagnostic]) {
    var parser = Parser(source, endsByIndent: false, isContainer: isContainer)
    var statements = parser.file()
    if parser.isBraceMissing {
      parser = Parser(source, endsByIndent: true, isContainer: isContainer)
      statements = parser.file()
    }
    return (statements, parser.diagnostics)
  }

  var lexeme: Lexeme { lexemes[index] }

  mutating func advance() { if index < lexemes.count - 1 { index += 1 } }

  func text(_ range: Range<Int>) -> String { String(decoding: source.bytes[range], as: UTF8.self) }

  mutating func report(
    _ code: DiagnosticCode, _ message: String, at range: Range<Int>, hint: String? = nil,
    notes: [Diagnostic.Note] = []
  ) {
    diagnostics.append(
      Diagnostic(code, message, at: source.location(range), hint: hint, notes: notes))
  }

  private mutating func file() -> [Statement] {
    var statements: [Statement] = []
    while lexeme.kind != .end {
      statements += block(of: nil, depth: 0)
      guard lexeme.kind == .closeBlock else { continue }
      report(.unclosedBlock, "this '}' closes nothing", at: lexeme.range)
      skipLine()
    }
    return statements
  }

  /// A directive whose block is being read.
  private struct Opener {
    let range: Range<Int>
    let indent: Int
  }

  /// The statements up to the block's `}`, which is left for the caller, or to the end.
  private mutating func block(of opener: Opener?, depth: Int) -> [Statement] {
    var statements: [Statement] = []
    while true {
      switch lexeme.kind {
      case .newline, .comment: advance()
      case .end: return statements
      case .closeBlock: return statements
      default:
        if endsEarly(opener) { return statements }
        if let statement = statement(depth: depth) { statements.append(statement) }
      }
    }
  }

  /// In a file that lacks a `}`: whether the line at hand cannot belong to the opener's block.
  private func endsEarly(_ opener: Opener?) -> Bool {
    guard endsByIndent, let opener else { return false }
    return source.indent(at: lexeme.range.lowerBound) <= opener.indent
  }

  private mutating func statement(depth: Int) -> Statement? {
    guard let head = directiveName() else {
      skipBadStatement(depth: depth)
      return nil
    }
    let before = diagnostics.count
    let line = arguments()
    let isWhole = diagnostics.count == before
    let opener = Opener(range: head, indent: source.indent(at: head.lowerBound))
    let block = openedBlock(of: opener, depth: depth)
    return Statement(
      name: text(head), location: source.location(head), arguments: line.arguments,
      properties: line.properties, block: block, isWhole: isWhole)
  }

  /// Passes over a line that no directive starts, and over its block, whose statements are still
  /// checked for syntax.
  private mutating func skipBadStatement(depth: Int) {
    let start = lexeme.range
    skipLine()
    guard lexeme.kind == .openBlock else { return }
    advance()
    let opener = Opener(range: start, indent: source.indent(at: start.lowerBound))
    _ = closedBlock(of: opener, depth: depth)
  }

  private mutating func directiveName() -> Range<Int>? {
    let first = lexeme
    guard first.kind == .run, Parser.isName(source.bytes[first.range]) else {
      let isBrace = first.kind == .openBlock
      report(
        isBrace ? .wrongBlock : .syntax,
        isBrace
          ? "'{' stands at the end of its directive's line" : "a statement starts with a directive",
        at: first.range)
      return nil
    }
    advance()
    return first.range
  }

  /// Letters, digits, `-`, `_` and `.`; starts with a letter and ends in a letter or digit.
  static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, let last = bytes.last, isLetter(first),
      isLetter(last) || 48...57 ~= last
    else { return false }
    return bytes.allSatisfy(isNameByte)
  }

  static func isLetter(_ byte: UInt8) -> Bool { 65...90 ~= byte || 97...122 ~= byte }

  static func isNameByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || 48...57 ~= byte || byte == 45 || byte == 95 || byte == 46
  }

  // MARK: Blocks

  /// The block behind a statement's arguments. A container that lacks its `{` gets its block all
  /// the same.
  private mutating func openedBlock(of opener: Opener, depth: Int) -> [Statement]? {
    if lexeme.kind == .openBlock {
      advance()
      endLine(after: "'{'")
      return closedBlock(of: opener, depth: depth)
    }
    endLine(after: "the statement")
    let name = text(opener.range)
    guard isContainer(name) else { return nil }
    report(
      .wrongBlock, "'\(name)' opens a block, and its line lacks the '{'", at: opener.range,
      hint: "end the line with ' {'")
    let next = nextSolidIndex()
    if lexemes[next].kind == .openBlock {
      index = next
      advance()
      return closedBlock(of: opener, depth: depth)
    }
    let isInner =
      lexemes[next].kind == .closeBlock && depth == 0
      || lexemes[next].kind != .end
        && source.indent(at: lexemes[next].range.lowerBound) > opener.indent
    return isInner ? closedBlock(of: opener, depth: depth) : []
  }

  /// The next lexeme that is neither a line end nor a comment.
  private func nextSolidIndex() -> Int {
    var next = index
    while lexemes[next].kind == .newline || lexemes[next].kind == .comment { next += 1 }
    return next
  }

  private mutating func closedBlock(of opener: Opener, depth: Int) -> [Statement] {
    guard depth < Parser.depthMax else {
      report(
        .tooLarge, "blocks nest at most \(Parser.depthMax) deep", at: opener.range)
      skipBlock()
      return []
    }
    let statements = block(of: opener, depth: depth + 1)
    let isOwn =
      !endsByIndent || source.indent(at: lexeme.range.lowerBound) >= opener.indent
    if lexeme.kind == .closeBlock, isOwn {
      let close = lexeme.range
      advance()
      if lexeme.kind != .newline, lexeme.kind != .comment, lexeme.kind != .end {
        report(.syntax, "'}' stands alone on its line", at: close)
        skipLine()
      }
      return statements
    }
    isBraceMissing = true
    let note = Diagnostic.Note("the block that is not closed", at: source.location(opener.range))
    let place = lexeme.kind == .end ? "at the end of the file" : "before this line"
    report(.unclosedBlock, "a '}' is missing \(place)", at: lineAtHand, notes: [note])
    return statements
  }

  /// The first lexeme of the line at hand, or the last one of the file when there is none.
  private var lineAtHand: Range<Int> {
    guard lexeme.kind == .end else { return lexeme.range }
    return lexemes[..<index].last { $0.kind != .newline && $0.kind != .comment }?.range
      ?? lexeme.range
  }

  /// Passes over a block that is too deep, braces and all.
  private mutating func skipBlock() {
    var open = 1
    while open > 0, lexeme.kind != .end {
      if lexeme.kind == .openBlock { open += 1 }
      if lexeme.kind == .closeBlock { open -= 1 }
      advance()
    }
  }

  // MARK: Lines

  private mutating func endLine(after what: String) {
    switch lexeme.kind {
    case .newline, .end: return
    case .comment: advance()
    case .closeBlock:
      report(.syntax, "'}' stands alone on its line", at: lexeme.range)
    default:
      report(.syntax, "nothing may follow \(what) on its line", at: lexeme.range)
      skipLine()
    }
  }

  /// Goes to the end of the line, stopping in front of a `{` that ends it: its block is still read.
  mutating func skipLine() {
    while lexeme.kind != .newline, lexeme.kind != .end {
      if lexeme.kind == .openBlock, endsLine(after: index) { return }
      advance()
    }
  }

  private func endsLine(after index: Int) -> Bool {
    switch lexemes[index + 1].kind {
    case .newline, .end, .comment: true
    default: false
    }
  }

  /// Goes to the first line that is indented no deeper than `offset`'s.
  mutating func skipLines(deeperThanLineAt offset: Int) {
    let indent = source.indent(at: offset)
    skipLine()
    while lexeme.kind == .newline {
      let next = nextSolidIndex()
      let kind = lexemes[next].kind
      if kind == .end || source.indent(at: lexemes[next].range.lowerBound) <= indent { return }
      index = next
      skipLine()
    }
  }
}
