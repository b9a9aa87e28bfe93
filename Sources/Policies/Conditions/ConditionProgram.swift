// A condition as flat instructions over one accumulator and a stack of bits. Compiled once per
// chain; running it allocates nothing, and takes a few steps per comparison.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// What comes of a condition, in the order in which `and` takes the smaller and `or` the greater.
///
/// What a request does not have cannot be compared: neither yes nor no. A rule that must hold is
/// then not met, also behind a `not`.
enum Truth: UInt8, BitwiseCopyable {
  case no = 0
  case unknown = 1
  case yes = 2

  init(_ isTrue: Bool) { self = isTrue ? .yes : .no }

  var negated: Truth {
    switch self {
    case .no: .yes
    case .unknown: .unknown
    case .yes: .no
    }
  }
}

/// A compiled condition. It keeps scratch space, and so stays on one worker.
final class ConditionProgram {
  /// A run of the pool's bytes.
  struct Text: BitwiseCopyable {
    let start: Int32
    let count: Int32
    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
  }

  enum Source: BitwiseCopyable {
    case clientIP, route, host, method, path, pathRest
    /// A slot of the route's parameters; negative where the chain has no such parameter.
    case parameter(Int8)
    case header(Text), query(Text), cookie(Text)
    case subject, scopes, roles
    /// An index of `claims`.
    case claim(Int)
    case scheme, httpVersion, tlsVersion, tlsServerName
    case time, timeOfDay, weekday
  }

  enum Other: BitwiseCopyable {
    case text(Text)
    case source(Source)
  }

  enum Comparison: BitwiseCopyable {
    case equals(Other, ignoresCase: Bool)
    case equalsNumber(Int64)
    case isBelow(Int64), isAbove(Int64)
    /// A run of `texts`, a run of `numbers`, an index of `tables`.
    case isOneOf(Text, ignoresCase: Bool)
    case isOneOfNumbers(Text)
    case isInTable(Int)
    case hasPrefix(Other, bySegments: Bool, ignoresCase: Bool)
    case contains(Other)
  }

  enum Instruction: BitwiseCopyable {
    case test(Source, Comparison, isNegated: Bool)
    case has(Source)
    case not
    /// Past the other side of an `and` or `or` that is decided.
    case skipIfNo(Int), skipIfYes(Int)
    /// Keeps the accumulator until its `and` or `or`.
    case push
    case and, or
  }

  private(set) var instructions: [Instruction] = []
  private(set) var pool: [UInt8] = []
  private(set) var texts: [Text] = []
  private(set) var numbers: [Int64] = []
  private(set) var tables: [AddressTable] = []
  private(set) var claims: [String] = []
  private let parameterNames: [String]
  var scratch = Output(capacity: 512)

  /// - Parameter parameterNames: the route's parameters in the order of their slots.
  init(_ expression: Expression, parameterNames: [String]) {
    self.parameterNames = parameterNames
    compile(expression.root)
  }

  /// Judges a request.
  func judge(_ exchange: Exchange) -> Truth {
    var truth = Truth.yes
    // Two bits each; a condition nests so that 32 are the most that wait.
    var stack: UInt64 = 0
    var index = 0
    while index < instructions.count {
      switch instructions[index] {
      case .test(let source, let comparison, let isNegated):
        truth = compare(source, comparison, exchange)
        if isNegated { truth = truth.negated }
      case .has(let source): truth = Truth(count(of: source, exchange) > 0)
      case .not: truth = truth.negated
      case .skipIfNo(let target): if truth == .no { index = target - 1 }
      case .skipIfYes(let target): if truth == .yes { index = target - 1 }
      case .push: stack = stack << 2 | UInt64(truth.rawValue)
      case .and, .or:
        let kept = Truth(rawValue: UInt8(stack & 3)) ?? .unknown
        stack >>= 2
        let takesSmaller = if case .and = instructions[index] { true } else { false }
        truth = (kept.rawValue < truth.rawValue) == takesSmaller ? kept : truth
      }
      index += 1
    }
    return truth
  }

  // MARK: Compiling

  private func compile(_ node: Expression.Node) {
    switch node {
    case .all(let left, let right): join(left, right, isAnd: true)
    case .any(let left, let right): join(left, right, isAnd: false)
    case .not(let inner):
      compile(inner)
      instructions.append(.not)
    case .has(let fact): instructions.append(.has(source(of: fact)))
    case .test(let test):
      let (comparison, isNegated) = comparison(test)
      instructions.append(.test(source(of: test.fact), comparison, isNegated: isNegated))
    }
  }

  private func join(_ left: Expression.Node, _ right: Expression.Node, isAnd: Bool) {
    compile(left)
    let skip = instructions.count
    instructions.append(.skipIfNo(0))
    instructions.append(.push)
    compile(right)
    instructions.append(isAnd ? .and : .or)
    let end = instructions.count
    instructions[skip] = isAnd ? .skipIfNo(end) : .skipIfYes(end)
  }

  private func comparison(_ test: Expression.Test) -> (Comparison, isNegated: Bool) {
    // Hosts have no case: RFC 9110 section 4.2.3.
    let ignoresCase = [test.fact, other(of: test.relation)].contains(.attribute(.host))
    switch test.relation {
    case .equals(let text, let isNegated):
      return (.equals(operand(text), ignoresCase: ignoresCase), isNegated)
    case .equalsNumber(let number, let isNegated): return (.equalsNumber(number), isNegated)
    case .isBelow(let number): return (.isBelow(number), false)
    case .isAbove(let number): return (.isAbove(number), false)
    case .isOneOf(let list):
      let start = texts.count
      texts += list.map { keep($0) }
      return (.isOneOf(run(from: start, of: texts.count), ignoresCase: ignoresCase), false)
    case .isOneOfNumbers(let list):
      let start = numbers.count
      numbers += list
      return (.isOneOfNumbers(run(from: start, of: numbers.count)), false)
    case .isInNetworks(let networks, let isNegated):
      tables.append(AddressTable(allowed: networks, denied: []))
      return (.isInTable(tables.count - 1), isNegated)
    case .hasPrefix(let text):
      // `/admin` is no prefix of `/administrator`.
      let bySegments = test.fact == .attribute(.path) || test.fact == .attribute(.pathRest)
      return (
        .hasPrefix(operand(text), bySegments: bySegments, ignoresCase: ignoresCase), false
      )
    case .contains(let text): return (.contains(operand(text)), false)
    }
  }

  private func other(of relation: Expression.Relation) -> Fact? {
    switch relation {
    case .equals(.fact(let fact), _), .hasPrefix(.fact(let fact)), .contains(.fact(let fact)): fact
    default: nil
    }
  }

  private func run(from start: Int, of end: Int) -> Text {
    Text(start: Int32(start), count: Int32(end - start))
  }

  private func operand(_ text: Expression.Text) -> Other {
    switch text {
    case .literal(let literal): .text(keep(literal))
    case .fact(let fact): .source(source(of: fact))
    }
  }

  private func keep(_ text: String) -> Text {
    let start = pool.count
    pool += Array(text.utf8)
    return run(from: start, of: pool.count)
  }

  private func source(of fact: Fact) -> Source {
    switch fact {
    case .attribute(let attribute): source(of: attribute)
    case .subject: .subject
    case .scopes: .scopes
    case .roles: .roles
    case .claim(let path): claim(path)
    case .scheme: .scheme
    case .httpVersion: .httpVersion
    case .tlsVersion: .tlsVersion
    case .tlsServerName: .tlsServerName
    case .time: .time
    case .timeOfDay: .timeOfDay
    case .weekday: .weekday
    }
  }

  private func claim(_ path: String) -> Source {
    claims.append(path)
    return .claim(claims.count - 1)
  }

  private func source(of attribute: Attribute) -> Source {
    switch attribute {
    case .clientIP: .clientIP
    case .route: .route
    case .host: .host
    case .method: .method
    case .path: .path
    case .pathRest: .pathRest
    case .pathParameter(let name):
      .parameter(parameterNames.firstIndex(of: name).flatMap { Int8(exactly: $0) } ?? -1)
    case .header(let name): .header(keep(name))
    case .query(let name): .query(keep(name))
    case .cookie(let name): .cookie(keep(name))
    case .listener: preconditionFailure("'listener' was refused when the config was read.")
    }
  }
}
