// The types of one comparison: what fits, and what is said of what does not.

struct ExpressionChecker {
  let left: ExpressionOperand
  let sign: ExpressionSign
  /// Where the sign stands.
  let place: Range<Int>
  let right: ExpressionOperand

  func test() throws(ValueProblem) -> Expression.Test {
    if sign == .oneOf, case .fact(let list) = right.value, list.kind == .texts {
      // `'admin' in identity.roles` says what `identity.roles contains 'admin'` says.
      return try ExpressionChecker(left: right, sign: .contains, place: place, right: left).test()
    }
    guard case .fact(let fact) = left.value else { return try swapped() }
    return Expression.Test(fact: fact, relation: try relation(of: fact))
  }

  /// `'GET' == method` is `method == 'GET'`; nothing else may be turned round.
  private func swapped() throws(ValueProblem) -> Expression.Test {
    guard case .fact = right.value, sign == .equal || sign == .unequal else {
      throw ValueProblem("must have an attribute in front of '\(sign.rawValue)'", at: left.place)
    }
    return try ExpressionChecker(left: right, sign: sign, place: place, right: left).test()
  }

  private func relation(of fact: Fact) throws(ValueProblem) -> Expression.Relation {
    switch sign {
    case .equal, .unequal: try equality(fact, isNegated: sign == .unequal)
    case .below, .above: try order(fact)
    case .oneOf: try membership(fact)
    case .prefix: .hasPrefix(try text(beside: fact))
    case .contains: .contains(try text(beside: fact))
    }
  }

  private func equality(
    _ fact: Fact, isNegated: Bool
  ) throws(ValueProblem) -> Expression.Relation {
    switch (fact.kind, right.value) {
    case (.text, .number(let number)): return .equalsNumber(number, isNegated: isNegated)
    case (.text, _): return .equals(try text(beside: fact), isNegated: isNegated)
    case (.address, .network(let network)):
      guard network.prefixLength == (network.address.isV4 ? 32 : 128) else {
        throw ValueProblem(
          "compares an address with a network", hint: "write in [\(network)]", at: place)
      }
      return .isInNetworks([network], isNegated: isNegated)
    case (.time, _), (.timeOfDay, _):
      throw ValueProblem("meets no moment with '\(sign.rawValue)'", hint: "write < or >", at: place)
    default: throw mismatch
    }
  }

  private func order(_ fact: Fact) throws(ValueProblem) -> Expression.Relation {
    let number: Int64
    switch (fact.kind, right.value) {
    case (.text, .number(let value)), (.time, .date(let value)),
      (.timeOfDay, .timeOfDay(let value)):
      number = value
    default: throw mismatch
    }
    return sign == .below ? .isBelow(number) : .isAbove(number)
  }

  private func membership(_ fact: Fact) throws(ValueProblem) -> Expression.Relation {
    guard case .list(let items) = right.value else {
      throw ValueProblem("needs a list behind 'in'", hint: "write [...]", at: right.place)
    }
    guard let first = items.first else {
      throw ValueProblem("has an empty list, which nothing is in", at: right.place)
    }
    switch (fact.kind, first.value) {
    case (.text, .number):
      return .isOneOfNumbers(
        try all(items, "a number") { if case .number(let number) = $0 { number } else { nil } })
    case (.text, _):
      let texts = try all(items, "text") { if case .text(let text) = $0 { text } else { nil } }
      try refuseUnreachable(texts, of: fact)
      return .isOneOf(texts)
    case (.address, _):
      return .isInNetworks(
        try all(items, "a network") { if case .network(let network) = $0 { network } else { nil } },
        isNegated: false)
    default: throw mismatch
    }
  }

  private func all<Item>(
    _ items: [ExpressionOperand], _ noun: String, _ take: (ExpressionOperand.Value) -> Item?
  ) throws(ValueProblem) -> [Item] {
    var taken: [Item] = []
    for item in items {
      guard let value = take(item.value) else {
        throw ValueProblem(
          "has \(item.noun) in a list where every item is \(noun)", hint: quoteHint(item),
          at: item.place)
      }
      taken.append(value)
    }
    return taken
  }

  /// The right side of a comparison of text.
  private func text(beside fact: Fact) throws(ValueProblem) -> Expression.Text {
    guard fact.kind == .text || (fact.kind == .texts && sign == .contains) else { throw mismatch }
    switch right.value {
    case .text(let text):
      if sign == .equal || sign == .unequal { try refuseUnreachable([text], of: fact) }
      return .literal(text)
    case .fact(let other) where other.kind == .text:
      guard other != fact else {
        throw ValueProblem("compares '\(fact)' with itself", at: right.place)
      }
      return .fact(other)
    default: throw mismatch
    }
  }

  /// A comparison that can never hold is a slip: a method in lower case, a day that is none.
  private func refuseUnreachable(_ texts: [String], of fact: Fact) throws(ValueProblem) {
    let words: [String]
    switch fact {
    case .weekday: words = Fact.weekdays
    case .scheme: words = ["http", "https"]
    case .tlsVersion: words = ["TLSv1.2", "TLSv1.3"]
    case .attribute(.method):
      for text in texts where text != text.uppercased() {
        throw ValueProblem(
          "compares with '\(text)', and methods are case-sensitive",
          hint: "write '\(text.uppercased())'", at: right.place)
      }
      return
    default: return
    }
    for text in texts where !words.contains(text) {
      throw ValueProblem(
        "compares '\(fact)' with '\(text)', which it never is", hint: "it is \(words.listed)",
        at: right.place)
    }
  }

  private var mismatch: ValueProblem {
    ValueProblem(
      "cannot compare \(left.noun) with \(right.noun) by '\(sign.rawValue)'",
      hint: quoteHint(right), at: place)
  }

  private func quoteHint(_ operand: ExpressionOperand) -> String? {
    guard case .fact(let fact) = operand.value, left.noun == "text" else { return nil }
    return "text stands in quotes: '\(fact)'"
  }
}
