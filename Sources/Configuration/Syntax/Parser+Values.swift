// The arguments of one statement: properties, words, strings, lists and calls.

extension ValueSyntax {
  /// Whether it is a word that could be the name of a property.
  fileprivate var isName: Bool {
    guard case .word(let text) = form else { return false }
    return Parser.isName(Array(text.utf8)[...])
  }
}

extension Parser {
  struct Line {
    var arguments: [ValueSyntax] = []
    var properties: [PropertySyntax] = []
  }

  /// Everything up to the end of the statement or its `{`. At the first error the rest of the line
  /// is passed over.
  mutating func arguments() -> Line {
    var line = Line()
    while true {
      switch lexeme.kind {
      case .newline, .end, .comment, .closeBlock: return line
      case .openBlock:
        if !lexeme.isSpaced {
          report(.syntax, "a blank is missing before '{'", at: lexeme.range)
        }
        return line
      default: break
      }
      if !lexeme.isSpaced {
        refuseTouching()
        return line
      }
      if isOperatorAlone, line.arguments.last?.isName == true {
        line.arguments.removeLast()
        report(.syntax, "no blank may stand around '\(text(lexeme.range))'", at: lexeme.range)
        skipLine()
        return line
      }
      if let property = propertyHead() {
        guard let value = value(after: property.range) else { return line }
        line.properties.append(
          PropertySyntax(
            name: property.name, operation: property.operation, value: value,
            location: source.location(property.range)))
      } else {
        guard let value = value() else { return line }
        line.arguments.append(value)
      }
    }
  }

  /// Whether the run at hand is an operator, or starts with one, whose name stands before a blank.
  private var isOperatorAlone: Bool {
    guard lexeme.kind == .run else { return false }
    let run = source.bytes[lexeme.range]
    return PropertySyntax.Operator.allCases.contains { run.starts(with: $0.rawValue.utf8) }
  }

  private mutating func refuseTouching() {
    if lexeme.kind == .semicolon {
      report(.syntax, "a statement ends with its line, not with ';'", at: lexeme.range)
    } else {
      report(.syntax, "a blank is missing before this value", at: lexeme.range)
    }
    skipLine()
  }

  // MARK: Properties

  struct PropertyHead {
    let name: String
    let operation: PropertySyntax.Operator
    /// The name and its operator.
    let range: Range<Int>
  }

  /// The name and operator that the run at hand starts with; nil when it is a word.
  private func propertyHead() -> PropertyHead? {
    guard lexeme.kind == .run else { return nil }
    let run = source.bytes[lexeme.range]
    guard let equals = run.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    for operation in [PropertySyntax.Operator.add, .remove, .atLeast, .atMost, .set] {
      let start = equals + 1 - operation.rawValue.utf8.count
      guard start > run.startIndex, run[start...].starts(with: operation.rawValue.utf8),
        Parser.isName(run[..<start])
      else { continue }
      return PropertyHead(
        name: text(run.startIndex..<start), operation: operation,
        range: run.startIndex..<equals + 1)
    }
    return nil
  }

  /// The value behind an operator, which stands in the same run or touches it.
  private mutating func value(after head: Range<Int>) -> ValueSyntax? {
    if head.upperBound < lexeme.range.upperBound {
      return word(in: head.upperBound..<lexeme.range.upperBound)
    }
    let next = lexemes[index + 1]
    let isTouching = next.range.lowerBound == head.upperBound
    let isValue = next.kind == .string || next.kind == .unclosedString || next.kind == .openList
    if isTouching, isValue {
      advance()
      return value()
    }
    report(
      .syntax, "a value is missing after '\(text(head))'", at: head,
      hint: isTouching ? nil : "no blank may stand around the operator")
    skipLine()
    return nil
  }

  // MARK: Values

  /// The value at hand; nil, with the rest of the line passed over, when it is none.
  private mutating func value() -> ValueSyntax? {
    switch lexeme.kind {
    case .run: return word(in: lexeme.range)
    case .string: return string()
    case .unclosedString:
      report(.unclosedString, "this string is not closed on its line", at: lexeme.range)
      skipLine()
      return nil
    case .openList: return list()
    case .semicolon:
      report(.syntax, "a statement ends with its line, not with ';'", at: lexeme.range)
    case .closeList:
      report(.syntax, "this ']' closes nothing", at: lexeme.range)
    default:
      report(.syntax, "'\(text(lexeme.range))' cannot stand here", at: lexeme.range)
    }
    skipLine()
    return nil
  }

  /// A word, or a call when `(` touches it. `range` ends with the run at hand.
  private mutating func word(in range: Range<Int>) -> ValueSyntax? {
    let bytes = source.bytes[range]
    let next = lexemes[index + 1]
    if next.kind == .openCall, next.range.lowerBound == range.upperBound {
      return call(named: range)
    }
    if let problem = Parser.wordProblem(bytes) {
      report(.syntax, problem.message, at: range, hint: problem.hint)
      skipLine()
      return nil
    }
    advance()
    return ValueSyntax(.word(text(range)), at: source.location(range))
  }

  private static func wordProblem(_ word: ArraySlice<UInt8>) -> (message: String, hint: String?)? {
    let text = String(decoding: word, as: UTF8.self)
    switch word.first {
    case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "#"),
      UInt8(ascii: "{"), UInt8(ascii: "}"):
      return ("a word may not start with '\(text.prefix(1))'", "put it in quotes")
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      if word.dropFirst().first == UInt8(ascii: "=") {
        return ("a word may not start with '\(text.prefix(2))'", "put it in quotes")
      }
    default: break
    }
    var depth = 0
    for byte in word {
      if byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "}") { depth -= 1 }
      if depth < 0 { break }
    }
    guard depth != 0 else { return nil }
    return ("the braces of '\(text)' do not pair", nil)
  }

  private mutating func string() -> ValueSyntax? {
    let range = lexeme.range
    var reader = EscapeReader(source.bytes[range.lowerBound + 1..<range.upperBound - 1])
    guard let text = reader.text() else {
      report(
        .unclosedString, "this escape is none of \\\" \\\\ \\n \\t \\u{...}",
        at: reader.escape, hint: "write \\\\ for a backslash")
      skipLine()
      return nil
    }
    advance()
    return ValueSyntax(.string(text), at: source.location(range))
  }

  private mutating func list() -> ValueSyntax? {
    let open = lexeme.range
    advance()
    var items: [ValueSyntax] = []
    while true {
      switch lexeme.kind {
      case .newline, .comment: advance()
      case .closeList:
        let range = open.lowerBound..<lexeme.range.upperBound
        advance()
        return ValueSyntax(.list(items), at: source.location(range))
      case .comma:
        report(.syntax, "items of a list are separated by blanks, not ','", at: lexeme.range)
        leaveList()
        return nil
      case .run, .string:
        guard lexeme.isSpaced else {
          report(.syntax, "a blank is missing before this value", at: lexeme.range)
          leaveList()
          return nil
        }
        guard let item = value() else { return nil }
        items.append(item)
      case .unclosedString:
        return value()
      default:
        return unclosedList(at: open)
      }
    }
  }

  /// Passes over the rest of a list whose `]` is there.
  private mutating func leaveList() {
    var ahead = index
    while true {
      switch lexemes[ahead].kind {
      case .closeList:
        index = ahead
        return skipLine()
      case .end, .openBlock, .closeBlock, .openList: return skipLine()
      default: ahead += 1
      }
    }
  }

  /// A list that never ends: what stopped it may be many lines below, so the next statement is
  /// looked for near its `[`.
  private mutating func unclosedList(at open: Range<Int>) -> ValueSyntax? {
    report(.unclosedList, "this '[' is not closed", at: open, hint: "']' is missing")
    while lexemes[index].range.lowerBound > open.lowerBound, index > 0 { index -= 1 }
    skipLines(deeperThanLineAt: open.lowerBound)
    return nil
  }

  private mutating func call(named range: Range<Int>) -> ValueSyntax? {
    let name = text(range)
    advance()
    guard let function = CallSyntax.Function(rawValue: name) else {
      report(.syntax, "'\(name)(...)' is none of env, file and secret", at: range)
      skipLine()
      return nil
    }
    guard let arguments = callArguments(of: range) else { return nil }
    let most = function == .env ? 2 : 1
    guard arguments.count <= most, arguments.first?.isEmpty == false else {
      report(
        .syntax,
        function == .env
          ? "env takes a name and perhaps a default" : "\(name) takes one text in quotes",
        at: range)
      skipLine()
      return nil
    }
    let whole = range.lowerBound..<lexemes[index - 1].range.upperBound
    return ValueSyntax(.call(CallSyntax(function, arguments)), at: source.location(whole))
  }

  /// The strings between the brackets of a call, behind its `)`.
  private mutating func callArguments(of name: Range<Int>) -> [String]? {
    var arguments: [String] = []
    repeat {
      advance()
      guard lexeme.kind == .string, let value = string(), let text = value.text else {
        if lexeme.kind != .newline {
          report(.syntax, "'\(self.text(name))(...)' takes texts in quotes", at: name)
          skipLine()
        } else if arguments.isEmpty {
          report(.syntax, "'\(self.text(name))(...)' takes a text in quotes", at: name)
        }
        return nil
      }
      arguments.append(text)
    } while lexeme.kind == .comma
    guard lexeme.kind == .closeCall else {
      report(.syntax, "the '(' of '\(text(name))' is not closed", at: name)
      skipLine()
      return nil
    }
    advance()
    return arguments
  }
}
