// Conditions of `allow when=`: what they can say of a request, typed and without loops. Parsed and
// checked when the config is read; Policies compiles them to flat programs.

/// A condition that is well formed and of fitting types throughout.
package struct Expression: Sendable, Hashable, CustomStringConvertible {
  /// Scalars of one condition, comparisons in it, and how deep it may nest: what a person still
  /// reads, and what bounds the work of one request.
  package static let scalarsMax = 4096
  package static let testsMax = 128
  package static let depthMax = 16

  package indirect enum Node: Sendable, Hashable {
    case all(Node, Node)
    case any(Node, Node)
    case not(Node)
    /// `has header.x-a`: whether the request has it, once or more often.
    case has(Fact)
    case test(Test)
  }

  package struct Test: Sendable, Hashable {
    package let fact: Fact
    package let relation: Relation
  }

  /// How a fact is compared, and with what.
  package enum Relation: Sendable, Hashable {
    case equals(Text, isNegated: Bool)
    case equalsNumber(Int64, isNegated: Bool)
    case isBelow(Int64)
    case isAbove(Int64)
    case isOneOf([String])
    case isOneOfNumbers([Int64])
    /// `client.ip`, against networks; a single address is a network of one.
    case isInNetworks([CIDR], isNegated: Bool)
    case hasPrefix(Text)
    case contains(Text)
  }

  /// The other side of a comparison of text.
  package enum Text: Sendable, Hashable {
    case literal(String)
    case fact(Fact)
  }

  package let root: Node
  /// As written, which is how it prints.
  package let description: String

  package init(parsing text: String) throws(ValueProblem) {
    var parser = try ExpressionParser(text)
    root = try parser.parse()
    description = text
  }

  /// The attributes that it looks at, for the checks that templates have too.
  package var attributes: [Attribute] {
    facts.compactMap { if case .attribute(let attribute) = $0 { attribute } else { nil } }
  }

  package var facts: [Fact] { Self.facts(of: root) }

  private static func facts(of node: Node) -> [Fact] {
    switch node {
    case .all(let left, let right), .any(let left, let right): facts(of: left) + facts(of: right)
    case .not(let inner): facts(of: inner)
    case .has(let fact): [fact]
    case .test(let test):
      switch test.relation {
      case .equals(.fact(let other), _), .hasPrefix(.fact(let other)), .contains(.fact(let other)):
        [test.fact, other]
      default: [test.fact]
      }
    }
  }
}

/// What a condition can look at: attributes as everywhere in the language, and what only conditions
/// know.
package enum Fact: Sendable, Hashable, CustomStringConvertible {
  case attribute(Attribute)
  /// `https` or `http`, as this connection shows it.
  case scheme
  /// `HTTP/1.1` and the like.
  case httpVersion
  /// `TLSv1.3` and the like; the server name that the client asked for. Absent without TLS.
  case tlsVersion, tlsServerName
  /// What the first identity that was proved says of the caller; scopes and roles are lists.
  case subject, scopes, roles
  /// A member of its claims, by its path.
  case claim(String)
  /// Now, in milliseconds since 1970; minutes since midnight; the day's name. All of them UTC.
  case time, timeOfDay, weekday

  package enum Kind: Sendable, Hashable {
    case text, texts, address, time, timeOfDay
  }

  private static let own: [String: Fact] = [
    "request.scheme": .scheme, "request.protocol": .httpVersion, "tls.version": .tlsVersion,
    "tls.sni": .tlsServerName, "identity.subject": .subject, "identity.scopes": .scopes,
    "identity.roles": .roles, "time": .time, "time.of-day": .timeOfDay, "time.weekday": .weekday,
  ]

  package static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  package init(parsing text: String) throws(ValueProblem) {
    if let fact = Fact.own[text] {
      self = fact
      return
    }
    let claims = "identity.claims."
    if text.hasPrefix(claims), text.utf8.count > claims.utf8.count, !text.hasSuffix(".") {
      self = .claim(String(text.dropFirst(claims.count)))
      return
    }
    if text.hasPrefix("identity.") || text == "tls.san" { throw ValueProblem.notInThisVersion }
    // Where a route lives is said by its match, and an `allow` may stand in a listener's block.
    guard text != "listener" else {
      throw ValueProblem("takes no 'listener'", hint: "write the 'allow' in the listener's block")
    }
    do throws(ValueProblem) { self = .attribute(try Attribute(parsing: text)) } catch {
      let names = Array(Fact.own.keys) + Attribute.plainNames
      let meant =
        error.hint
        ?? Suggestion.nearest(to: text, among: names).map {
          "did you mean '\($0)'?"
        }
      throw ValueProblem(error.reason ?? "knows no '\(text)'", hint: meant)
    }
  }

  package var kind: Kind {
    switch self {
    case .attribute(.clientIP): .address
    case .time: .time
    case .timeOfDay: .timeOfDay
    case .scopes, .roles: .texts
    default: .text
    }
  }

  /// Whether somebody must have proved who he is.
  var needsIdentity: Bool {
    switch self {
    case .subject, .scopes, .roles, .claim: true
    default: false
    }
  }

  /// Whether a request may lack it, or have it several times.
  var isOptional: Bool {
    switch self {
    case .attribute(let attribute):
      switch attribute {
      case .header, .query, .cookie, .clientIP, .route, .pathRest, .pathParameter: true
      case .host, .method, .path, .listener: false
      }
    case .tlsVersion, .tlsServerName, .subject, .claim: true
    case .scopes, .roles, .scheme, .httpVersion, .time, .timeOfDay, .weekday: false
    }
  }

  package var description: String {
    if case .attribute(let attribute) = self { return attribute.description }
    if case .claim(let path) = self { return "identity.claims.\(path)" }
    return Fact.own.first { $0.value == self }?.key ?? ""
  }
}

extension ValueType where Wrapped == Expression {
  /// No call stands for it: policy is proved without an environment.
  package static var expression: ValueType {
    ValueType.described("a condition such as \"method == 'GET'\"", calls: []) {
      (text) throws(ValueProblem) in try Expression(parsing: text)
    }.mentioning { $0.attributes.map { .attribute($0) } }
  }
}
