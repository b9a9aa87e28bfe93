// The grammar of conditions:
//
//     any     = all { "or" all }
//     all     = not { "and" not }
//     not     = "not" not | "(" any ")" | "has" fact | operand sign operand
//     sign    = "==" | "!=" | "<" | ">" | "in" | "matches-prefix" | "contains"
//     operand = fact | text | number | network | date | time | "[" { operand } "]"

struct ExpressionParser {
  private var lexer: ExpressionLexer
  private var token: ExpressionToken
  private var tests = 0
  private var depth = 0

  init(_ text: String) throws(ValueProblem) {
    lexer = ExpressionLexer(text)
    guard lexer.count <= Expression.scalarsMax else {
      throw ValueProblem("is longer than \(Expression.scalarsMax) characters")
    }
    token = try lexer.next()
  }

  mutating func parse() throws(ValueProblem) -> Expression.Node {
    let root = try any()
    guard token.form == .end else {
      throw ValueProblem("has \(token.quoted) behind its end", hint: joinHint, at: token.place)
    }
    return root
  }

  private var joinHint: String? {
    switch token.form {
    case .word("&&"), .word("AND"): "write and"
    case .word, .text, .open: "join conditions with 'and' or 'or'"
    default: nil
    }
  }

  private mutating func advance() throws(ValueProblem) { token = try lexer.next() }

  private mutating func any() throws(ValueProblem) -> Expression.Node {
    var left = try all()
    while token.form == .word("or") {
      try advance()
      left = .any(left, try all())
    }
    return left
  }

  private mutating func all() throws(ValueProblem) -> Expression.Node {
    var left = try not()
    while token.form == .word("and") {
      try advance()
      left = .all(left, try not())
    }
    return left
  }

  private mutating func not() throws(ValueProblem) -> Expression.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Expression.depthMax else {
      throw ValueProblem("nests deeper than \(Expression.depthMax)", at: token.place)
    }
    switch token.form {
    case .word("not"):
      try advance()
      return .not(try not())
    case .open:
      let open = token
      try advance()
      let inner = try any()
      guard token.form == .close else {
        throw ValueProblem("has a '(' that is not closed", at: open.place)
      }
      try advance()
      return inner
    case .word("has"):
      try advance()
      return .has(try optionalFact())
    default:
      tests += 1
      guard tests <= Expression.testsMax else {
        throw ValueProblem("has more than \(Expression.testsMax) comparisons", at: token.place)
      }
      return .test(try test())
    }
  }

  private mutating func optionalFact() throws(ValueProblem) -> Fact {
    let operand = try operand()
    guard case .fact(let fact) = operand.value else {
      throw ValueProblem("asks with 'has' for what is no attribute", at: operand.place)
    }
    guard fact.isOptional else {
      throw ValueProblem("asks for '\(fact)', which every request has", at: operand.place)
    }
    return fact
  }

  // MARK: Comparisons

  private mutating func test() throws(ValueProblem) -> Expression.Test {
    let left = try operand()
    let sign = token
    guard let relation = ExpressionSign(sign.form) else {
      throw ValueProblem(
        "needs a comparison behind \(left.text)",
        hint: "one of == != < > in matches-prefix contains", at: sign.place)
    }
    try advance()
    let right = try operand()
    return try ExpressionChecker(left: left, sign: relation, place: sign.place, right: right).test()
  }

  private mutating func operand() throws(ValueProblem) -> ExpressionOperand {
    let start = token
    switch start.form {
    case .text(let text):
      try advance()
      return ExpressionOperand(value: .text(text), text: start.quoted, place: start.place)
    case .openList: return try list()
    case .word(let word):
      guard !Self.reserved.contains(word) else { break }
      let value = try Self.value(of: word, at: start.place)
      try advance()
      return ExpressionOperand(value: value, text: start.quoted, place: start.place)
    default: break
    }
    throw ValueProblem("needs an attribute or a value, not \(start.quoted)", at: start.place)
  }

  private static let reserved: Set<String> = [
    "and", "or", "not", "has", "in", "contains", "matches-prefix",
  ]

  private mutating func list() throws(ValueProblem) -> ExpressionOperand {
    let open = token
    try advance()
    var items: [ExpressionOperand] = []
    while token.form != .closeList {
      guard token.form != .end, token.form != .openList else {
        throw ValueProblem("has a '[' that is not closed", at: open.place)
      }
      items.append(try operand())
    }
    let place = open.place.lowerBound..<token.place.upperBound
    try advance()
    return ExpressionOperand(value: .list(items), text: "the list", place: place)
  }

  /// A word that is a value looks like one; every other names an attribute.
  private static func value(
    of word: String, at place: Range<Int>
  ) throws(ValueProblem) -> ExpressionOperand.Value {
    if let number = Int64(word), !word.hasPrefix("+") { return .number(number) }
    if let minute = minute(of: word) { return .timeOfDay(minute) }
    if let first = word.utf8.first, 48...57 ~= first || word.contains(":") {
      if let date = try? CalendarDate(parsing: word) {
        return .date(Int64(date.dayNumber) * 86_400_000)
      }
      do { return .network(try CIDR(parsing: word)) } catch {
        throw ValueProblem(
          error.reason ?? "has '\(word)', which is no number, network, date or time",
          hint: error.hint, at: place)
      }
    }
    do { return .fact(try Fact(parsing: word)) } catch {
      throw error.at(place)
    }
  }

  /// `08:30`, in minutes since midnight.
  private static func minute(of word: String) -> Int64? {
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [2, 2], parts.allSatisfy({ $0.isDigits }),
      let hour = Int64(parts[0]), let minute = Int64(parts[1]), hour < 24, minute < 60
    else { return nil }
    return hour * 60 + minute
  }
}

/// One side of a comparison, before its type is checked.
struct ExpressionOperand {
  indirect enum Value {
    case fact(Fact)
    case text(String)
    case number(Int64)
    case network(CIDR)
    case date(Int64)
    case timeOfDay(Int64)
    case list([ExpressionOperand])
  }

  let value: Value
  /// As messages quote it.
  let text: String
  let place: Range<Int>

  var noun: String {
    switch value {
    case .fact(let fact):
      switch fact.kind {
      case .text: "text"
      case .texts: "a list"
      case .address: "an address"
      case .time: "a moment"
      case .timeOfDay: "a time of day"
      }
    case .text: "text"
    case .number: "a number"
    case .network: "a network"
    case .date: "a date"
    case .timeOfDay: "a time of day"
    case .list: "a list"
    }
  }
}

enum ExpressionSign: String {
  case equal = "=="
  case unequal = "!="
  case below = "<"
  case above = ">"
  case oneOf = "in"
  case prefix = "matches-prefix"
  case contains

  init?(_ form: ExpressionToken.Form) {
    switch form {
    case .sign(let text), .word(let text): self.init(rawValue: text)
    default: return nil
    }
  }
}
