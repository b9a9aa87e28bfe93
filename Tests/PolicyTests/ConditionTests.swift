// Conditions of `allow when=`: what they make of requests, and that the flat program decides as a
// walk over the tree does.

import Configuration
import HTTP1
import PolicyChain
import Testing

@testable import Policies

@Suite struct ConditionTests {
  /// 2026-11-23T17:02:58Z, a Monday; 198.51.100.7 over TLS.
  private static let fields = [
    "X-Team: orders", "X-Twice: a", "X-Twice: b", "X-Number: 42", "X-Negative: -7",
    "X-Odd: 4x", "X-Empty: ", "Cookie: a=1; b=2", "Cookie: c=3; b=4",
  ]

  private static func judge(_ condition: String) throws -> Truth {
    let test = try TestExchange(
      "GET /orders/42?q=a%20b&q2=+x&twice=1&twice=2", fields: fields)
    test.exchange.clientAddress = test.exchange.connection?.peerAddress
    let program = ConditionProgram(try Expression(parsing: condition), parameterNames: [])
    return program.judge(test.exchange)
  }

  @Test(arguments: [
    ("method == 'GET'", Truth.yes), ("method == 'POST'", .no), ("'GET' == method", .yes),
    ("method != 'GET'", .no), ("method in ['POST' 'GET']", .yes), ("method in ['POST']", .no),
    ("host == 'API.example.com'", .yes), ("host in ['API.EXAMPLE.COM']", .yes),
    ("path == '/orders/42'", .yes), ("path matches-prefix '/orders'", .yes),
    ("path matches-prefix '/orders/'", .yes), ("path matches-prefix '/order'", .no),
    ("path matches-prefix '/orders/42/x'", .no), ("path contains '/4'", .yes),
    ("header.x-team matches-prefix 'ord'", .yes), ("header.x-team contains 'rde'", .yes),
    ("header.x-team contains 'x'", .no), ("header.x-team == 'Orders'", .no),
    ("header.x-empty == ''", .yes), ("has header.x-empty", .yes), ("has header.x-none", .no),
    // What is missing or stands twice is neither equal nor unequal, whatever stands around it.
    ("header.x-none == 'a'", .unknown), ("header.x-none != 'a'", .unknown),
    ("not header.x-none == 'a'", .unknown), ("header.x-twice == 'a'", .unknown),
    ("not header.x-twice == 'c'", .unknown), ("has header.x-twice", .yes),
    ("header.x-none == header.x-nothing", .unknown), ("query.twice == '1'", .unknown),
    ("cookie.b == '2'", .unknown),
    ("header.x-none == 'a' and method == 'POST'", .no),
    ("method == 'POST' and header.x-none == 'a'", .no),
    ("header.x-none == 'a' and method == 'GET'", .unknown),
    ("header.x-none == 'a' or method == 'GET'", .yes),
    ("header.x-none == 'a' or method == 'POST'", .unknown),
    ("has header.x-none and header.x-none == 'a'", .no),
    ("not has header.x-none or header.x-none == 'a'", .yes),
    ("query.q == 'a b'", .yes), ("query.q2 == ' x'", .yes), ("query.none == ''", .unknown),
    ("cookie.a == '1'", .yes), ("cookie.c == '3'", .yes), ("cookie.d == '1'", .unknown),
    ("header.x-number == 42", .yes), ("header.x-number < 43", .yes),
    ("header.x-number > 42", .no), ("header.x-number != 41", .yes),
    ("header.x-number in [1 42]", .yes), ("header.x-negative < 0", .yes),
    ("header.x-odd < 5", .unknown), ("header.x-empty > 0", .unknown),
    ("client.ip in [198.51.100.0/24 10.0.0.0/8]", .yes), ("client.ip in [fd00::/8]", .no),
    ("client.ip == 198.51.100.7", .yes), ("client.ip != 198.51.100.7", .no),
    ("request.scheme == 'https'", .yes), ("request.protocol == 'HTTP/1.1'", .yes),
    ("tls.version == 'TLSv1.3'", .unknown), ("route == 'x'", .unknown),
    ("path.id == '42'", .unknown), ("path.rest == ''", .unknown),
    ("time > 2026-11-23", .yes), ("time < 2026-11-24", .yes), ("time > 2026-11-24", .no),
    ("time.of-day > 17:02", .no), ("time.of-day < 17:03", .yes), ("time.weekday == 'mon'", .yes),
    ("time.weekday in ['sat' 'sun']", .no), ("header.x-team == cookie.a", .no),
    ("not (method == 'GET' and path == '/') and (method == 'GET' or path == '/')", .yes),
    ("method == 'GET' and not path == '/' and has header.x-team", .yes),
    ("path == '/' or path == '/a' or path == '/orders/42'", .yes),
  ])
  private func `a condition is judged`(condition: String, expected: Truth) throws {
    #expect(try Self.judge(condition) == expected)
  }

  @Test(arguments: ["%zz", "%", "%4", "a%2"])
  func `a query whose escapes are broken reaches no condition`(value: String) {
    #expect(throws: HTTP1Error.self) { try TestExchange("GET /?bad=\(value)&q=1") }
  }

  @Test func `what a request says is looked for up to a bound`() throws {
    let text = String(repeating: "a", count: 300)
    for (count, expected) in [(256, Truth.yes), (257, .unknown)] {
      let sought = String(repeating: "a", count: count)
      let test = try TestExchange(fields: ["X-A: \(text)", "X-B: \(sought)"])
      let condition = try Expression(parsing: "header.x-a contains header.x-b")
      let program = ConditionProgram(condition, parameterNames: [])
      #expect(program.judge(test.exchange) == expected)
    }
  }

  @Test(arguments: [
    ("identity.subject == 'ann'", Truth.yes), ("'admin' in identity.roles", .yes),
    ("identity.roles contains 'root'", .no), ("identity.scopes contains header.x-scope", .yes),
    ("identity.claims.tenant == header.x-tenant", .yes),
    ("identity.claims.tenant != header.x-tenant", .no),
    ("identity.claims.none == header.x-none", .unknown), ("identity.claims.level > 3", .yes),
    ("identity.claims.groups contains 'b'", .yes), ("identity.claims.groups contains 'ab'", .no),
    ("identity.claims.groups == 'a'", .unknown), ("identity.claims.tenant contains 'cm'", .yes),
    ("identity.claims.realm.id == '7'", .yes), ("identity.claims.isOn == 'true'", .yes),
    ("has identity.claims.tenant and not has identity.claims.none", .yes),
  ])
  private func `a caller is judged by what was proved`(condition: String, expected: Truth) throws {
    let program = ConditionProgram(try Expression(parsing: condition), parameterNames: [])
    let fields = ["X-Tenant: acme", "X-Scope: read"]
    let nobody = try TestExchange(fields: fields)
    #expect(program.judge(nobody.exchange) != .yes || condition.hasPrefix("not"))
    let test = try TestExchange(fields: fields)
    test.exchange.prove(
      Principal(
        identity: IdentityLabel(name: "staff", metric: 1), subject: Array("ann".utf8),
        scopes: [Array("read".utf8)], roles: [Array("admin".utf8)],
        claims: .object([
          "tenant": .text("acme"), "level": .number("4"), "isOn": .bool(true),
          "groups": .list([.text("a"), .text("b")]), "realm": .object(["id": .number("7")]),
        ]), fields: []))
    #expect(program.judge(test.exchange) == expected)
  }

  @Test(arguments: [
    ("auth none", false), ("auth any=[staff]", true), ("auth optional=[staff]", false),
  ])
  func `a condition on the caller needs a caller`(auth: String, isTaken: Bool) {
    let config = """
      sluice 1
      listener edge {
        bind 127.0.0.1:8080
      }
      identity staff key header=x-api-key keys="keys.conf"
      route a {
        match path=/
        \(auth)
        allow when="identity.subject == 'ann'"
        respond 200
      }
      """ + "\n"
    let errors = ExampleTests.load(config).diagnostics.filter { $0.severity == .error }
    #expect(errors.isEmpty == isTaken, "\(errors.map(\.message))")
    if !isTaken { #expect(errors.map(\.code.description) == ["P0110"]) }
  }

  @Test func `parameters of the route are looked at by their slots`() throws {
    let test = try TestExchange("GET /orders/42")
    let start = Int(test.exchange.request.path.start)
    test.exchange.parameters.set(1, .init(start: start + 8, count: 2))
    let condition = try Expression(parsing: "path.id == '42'")
    let program = ConditionProgram(condition, parameterNames: ["other", "id"])
    #expect(program.judge(test.exchange) == .yes)
  }

  /// Random trees over comparisons of known outcome.
  private indirect enum Tree: Sendable {
    case leaf(String, Truth)
    case not(Tree)
    case all(Tree, Tree)
    case any(Tree, Tree)

    static let leaves: [Tree] = [
      .leaf("method == 'GET'", .yes), .leaf("method == 'PUT'", .no),
      .leaf("header.x-none == 'a'", .unknown), .leaf("has header.x-team", .yes),
    ]

    init(depth: Int, using random: inout some RandomNumberGenerator) {
      switch depth == 0 ? 0 : Int.random(in: 0..<4, using: &random) {
      case 1: self = .not(Tree(depth: depth - 1, using: &random))
      case 2:
        self = .all(
          Tree(depth: depth - 1, using: &random), Tree(depth: depth - 1, using: &random))
      case 3:
        self = .any(
          Tree(depth: depth - 1, using: &random), Tree(depth: depth - 1, using: &random))
      default: self = Self.leaves[Int.random(in: 0..<4, using: &random)]
      }
    }

    var text: String {
      switch self {
      case .leaf(let text, _): text
      case .not(let inner): "not (\(inner.text))"
      case .all(let left, let right): "(\(left.text)) and (\(right.text))"
      case .any(let left, let right): "(\(left.text)) or (\(right.text))"
      }
    }

    /// Kleene's logic, by its table.
    var truth: Truth {
      switch self {
      case .leaf(_, let truth): truth
      case .not(let inner): inner.truth == .unknown ? .unknown : Truth(inner.truth == .no)
      case .all(let left, let right):
        if left.truth == .no || right.truth == .no {
          .no
        } else {
          left.truth == .yes && right.truth == .yes ? .yes : .unknown
        }
      case .any(let left, let right):
        if left.truth == .yes || right.truth == .yes {
          .yes
        } else {
          left.truth == .no && right.truth == .no ? .no : .unknown
        }
      }
    }
  }

  @Test func `the program decides as a walk over the tree does`() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<1000 {
      let tree = Tree(depth: 6, using: &random)
      do throws(ValueProblem) { _ = try Expression(parsing: tree.text) } catch {
        // Too many comparisons: a bound of the language.
        continue
      }
      #expect(try Self.judge(tree.text) == tree.truth, "\(tree.text)")
    }
  }

  @Test func `a condition as deep as may be keeps what waits on its stack`() throws {
    var text = "method == 'GET'"
    for _ in 0..<Expression.depthMax - 1 {
      text = "method == 'PUT' or method == 'GET' and (\(text))"
    }
    #expect(try Self.judge(text) == .yes)
    #expect(throws: ValueProblem.self) { try Expression(parsing: "(\(text))") }
  }
}
