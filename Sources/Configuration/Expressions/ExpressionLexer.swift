// The tokens of a condition, with their places, so that a finding can point into the string.

/// A token and the scalars that it stands for, counted from the start of the condition.
struct ExpressionToken {
  enum Form: Hashable {
    case open, close, openList, closeList
    /// `==`, `!=`, `<`, `>`.
    case sign(String)
    case word(String)
    case text(String)
    case end
  }

  let form: Form
  let place: Range<Int>

  /// The token as messages quote it.
  var quoted: String {
    switch form {
    case .open: "'('"
    case .close: "')'"
    case .openList: "'['"
    case .closeList: "']'"
    case .sign(let text), .word(let text): "'\(text)'"
    case .text(let text): "'\(text)'"
    case .end: "the end"
    }
  }
}

/// Cuts a condition into tokens.
struct ExpressionLexer {
  private let scalars: [Unicode.Scalar]
  private var index = 0

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  var count: Int { scalars.count }

  mutating func next() throws(ValueProblem) -> ExpressionToken {
    while index < scalars.count,
      scalars[index] == " " || scalars[index] == "\t"
        || scalars[index] == "\n"
    {
      index += 1
    }
    let start = index
    guard start < scalars.count else { return ExpressionToken(form: .end, place: start..<start) }
    switch scalars[start] {
    case "(": return single(.open)
    case ")": return single(.close)
    case "[": return single(.openList)
    case "]": return single(.closeList)
    case "'", "\"": return try quoted(by: scalars[start])
    case "=", "!", "<", ">": return try sign()
    default: return try word()
    }
  }

  private mutating func single(_ form: ExpressionToken.Form) -> ExpressionToken {
    index += 1
    return ExpressionToken(form: form, place: index - 1..<index)
  }

  /// Text between quotes of one kind, which may hold those of the other.
  private mutating func quoted(
    by mark: Unicode.Scalar
  ) throws(ValueProblem) -> ExpressionToken {
    let start = index
    index += 1
    var text = String.UnicodeScalarView()
    while index < scalars.count, scalars[index] != mark {
      text.append(scalars[index])
      index += 1
    }
    guard index < scalars.count else {
      throw ValueProblem("has a text that is not closed", at: start..<scalars.count)
    }
    index += 1
    return ExpressionToken(form: .text(String(text)), place: start..<index)
  }

  private mutating func sign() throws(ValueProblem) -> ExpressionToken {
    let start = index
    while index < scalars.count, "=!<>".unicodeScalars.contains(scalars[index]) { index += 1 }
    let text = String(String.UnicodeScalarView(scalars[start..<index]))
    guard ["==", "!=", "<", ">"].contains(text) else {
      let meant = ["=": "write ==", "<=": "write not ... >", ">=": "write not ... <"][text]
      throw ValueProblem("knows no '\(text)'", hint: meant, at: start..<index)
    }
    return ExpressionToken(form: .sign(text), place: start..<index)
  }

  /// Attributes, words of the language, numbers, networks, dates.
  private mutating func word() throws(ValueProblem) -> ExpressionToken {
    let start = index
    while index < scalars.count, Self.isWordScalar(scalars[index]) { index += 1 }
    guard index > start else {
      throw ValueProblem("has a character out of place", at: start..<start + 1)
    }
    let text = String(String.UnicodeScalarView(scalars[start..<index]))
    return ExpressionToken(form: .word(text), place: start..<index)
  }

  private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_", ":", "/": true
    default: false
    }
  }
}
