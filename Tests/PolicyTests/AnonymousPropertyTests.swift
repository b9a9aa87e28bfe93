// Nobody reaches the action of a route that demands an identity without proving one: random
// configs through the real compiler and the real chains, judged by a fold of their model that knows
// neither.

import Configuration
import PolicyChain
import Testing

@testable import Policies

/// What one scope says of who may call.
private enum ModelAuth: CaseIterable {
  case none, any, all, optional, scope, shadow, shadowAll

  var line: String {
    switch self {
    case .none: "auth none"
    case .any: "auth any=[a b]"
    case .all: "auth all=[a b]"
    case .optional: "auth optional=[a b]"
    case .scope: "auth any=[b] require=[scope:read]"
    case .shadow: "auth any=[a] shadow=on"
    case .shadowAll: "auth all=[a b] require=[scope:write] shadow=on"
    }
  }

  /// Whether a request that proves nothing may pass.
  var isOpen: Bool {
    switch self {
    case .any, .all, .scope: false
    case .none, .optional, .shadow, .shadowAll: true
    }
  }
}

private struct ModelScope {
  var auth: ModelAuth?
  /// What says nothing of who calls, and must not open anything.
  var others: [String] = []

  static let harmless = [
    "timeout total=20s", "cors origins=[https://a.example.com]", "secure-headers off",
    "body max=2KiB", "limit per-ip shadow=on", "access allow=[198.51.100.0/24]",
    "request-id trust=on", "allow when=\"method == 'GET'\"", "bulkhead concurrent=9",
    "access deny=[192.0.2.0/24] shadow=on",
  ]

  var lines: [String] { (auth.map { [$0.line] } ?? []) + others }

  init(using random: inout some RandomNumberGenerator, authIn sixteenths: Int) {
    if Int.random(in: 0..<16, using: &random) < sixteenths {
      auth = ModelAuth.allCases.randomElement(using: &random)
    }
    for line in Self.harmless where Int.random(in: 0..<10, using: &random) == 0 {
      let directive = line.prefix { $0 != " " }
      if !others.contains(where: { $0.hasPrefix(directive) }) { others.append(line) }
    }
  }
}

private struct ModelRoute {
  let id: String
  let path: String
  let scope: ModelScope
  let action: String
}

private struct Model {
  let defaults: ModelScope
  let listeners: [ModelScope]
  let outer: ModelScope
  let inner: ModelScope
  /// At top level, in the outer group, and in the group inside.
  let free: [ModelRoute]
  let grouped: [ModelRoute]
  let nested: [ModelRoute]
  let isEnforced: Bool

  init(using random: inout some RandomNumberGenerator) {
    func routes(_ prefix: String, _ path: String) -> [ModelRoute] {
      (0..<Int.random(in: 0...2, using: &random)).map { index in
        let actions = ["to o", "respond 200", "redirect to=\"/elsewhere\" status=307"]
        return ModelRoute(
          id: "\(prefix)\(index)", path: "\(path)/\(index)",
          scope: ModelScope(using: &random, authIn: 6),
          action: actions[Int.random(in: 0..<actions.count, using: &random)])
      }
    }
    defaults = ModelScope(using: &random, authIn: 10)
    listeners = (0..<Int.random(in: 1...2, using: &random)).map { _ in
      ModelScope(using: &random, authIn: 4)
    }
    outer = ModelScope(using: &random, authIn: 6)
    inner = ModelScope(using: &random, authIn: 4)
    free = routes("f", "/f")
    grouped = routes("g", "/g")
    nested = routes("n", "/g/n")
    isEnforced = Int.random(in: 0..<4, using: &random) == 0
  }

  /// Each route with the scopes around it, from the outermost in.
  func routes(on listener: Int) -> [(route: ModelRoute, id: String, auth: ModelAuth?)] {
    let around = [defaults, listeners[listener]]
    func nearest(_ scopes: [ModelScope]) -> ModelAuth? { scopes.last { $0.auth != nil }?.auth }
    return free.map { ($0, $0.id, nearest(around + [$0.scope])) }
      + grouped.map { ($0, "outer.\($0.id)", nearest(around + [outer, $0.scope])) }
      + nested.map { ($0, "inner.\($0.id)", nearest(around + [outer, inner, $0.scope])) }
  }

  /// Whether the config has to be refused: a route without a word on who may call, or an open one
  /// where an identity is enforced.
  var isRefused: Bool {
    listeners.indices.contains { listener in
      routes(on: listener).contains { _, _, auth in
        auth.map { isEnforced && $0.isOpen } ?? true
      }
    }
  }

  var text: String {
    func block(_ opener: String, _ lines: [String]) -> String {
      "\(opener) {\n" + lines.map { $0 + "\n" }.joined() + "}"
    }
    func block(_ route: ModelRoute) -> String {
      block("route \(route.id)", ["match path=\(route.path)", route.action] + route.scope.lines)
    }
    let nestedGroup =
      nested.isEmpty
      ? [] : [block("group inner", ["match path=/g/n/**"] + inner.lines + nested.map(block))]
    var parts = [
      "sluice 1", "identity a key keys=\"k\"", "identity b key header=x-b keys=\"k\"",
      "bucket per-ip rate=1/s", block("upstream o", ["server 127.0.0.1:9000"]),
    ]
    if !defaults.lines.isEmpty { parts.append(block("defaults", defaults.lines)) }
    if isEnforced { parts.append(block("enforce", ["auth"])) }
    for (index, listener) in listeners.enumerated() {
      parts.append(block("listener l\(index)", ["bind 127.0.0.1:\(8000 + index)"] + listener.lines))
    }
    if !(grouped.isEmpty && nested.isEmpty) {
      parts.append(
        block("group outer", ["match path=/g/**"] + outer.lines + grouped.map(block) + nestedGroup))
    }
    parts += free.map(block)
    return parts.joined(separator: "\n") + "\n"
  }
}

@Suite struct AnonymousPropertyTests {
  /// What someone without a valid credential may try: nothing, wrong ones, and one of two.
  private static let attempts: [[String]] = [
    [], ["X-A: bad"], ["X-B: other"], ["X-A: other", "X-B: bad"], ["X-A: "],
    ["X-User: admin", "Authorization: Bearer good", "Cookie: a=good"],
  ]

  @Test func `no anonymous request reaches the action of a route that demands an identity`()
    async throws
  {
    let seed = UInt64.random(in: 0 ... .max)
    var random = Seeded(state: seed)
    var tally = (refused: 0, guarded: 0, open: 0)
    for round in 0..<1500 {
      let model = Model(using: &random)
      let text = model.text
      let result = ExampleTests.load(text)
      let errors = result.diagnostics.filter { $0.severity == .error }
      let trace = "seed \(seed), round \(round)"
      #expect(
        errors.allSatisfy { ["P0105", "P0121"].contains($0.code.description) },
        "\(trace): \(errors.map(\.message))\n\(text)")
      #expect((result.configuration == nil) == model.isRefused, "\(trace)\n\(text)")
      guard let configuration = result.configuration else {
        tally.refused += 1
        continue
      }
      for (index, listener) in configuration.listeners.enumerated() {
        for (_, id, auth) in model.routes(on: index) {
          let route = try #require(listener.routes.first { $0.id == id }, "\(trace)")
          let isOpen = try #require(auth).isOpen
          if isOpen { tally.open += 1 } else { tally.guarded += 1 }
          try await check(configuration, route, isOpen, "\(trace), \(id) on \(index)\n\(text)")
        }
      }
    }
    // A test in which nothing is refused, guarded or open shows nothing.
    #expect(min(tally.refused, tally.guarded, tally.open) > 200, "\(tally)")
  }

  private func check(
    _ configuration: EffectiveConfiguration, _ route: EffectiveRoute, _ isOpen: Bool,
    _ trace: String
  ) async throws {
    let statuses = ["to": 200, "respond": 200, "redirect": 307]
    for attempt in isOpen ? [[]] : Self.attempts {
      let test = try TestExchange(fields: attempt)
      let upstream = FakeUpstream(test)
      let chain = try ExampleTests.chain(
        configuration, upstream, of: route,
        verifiers: ["a": FakeVerifier("a"), "b": FakeVerifier("b")])
      await test.run(chain)
      let status = test.exchange.response.status
      #expect(status == (isOpen ? statuses[route.action] ?? 0 : 401), "\(attempt), \(trace)")
      #expect((upstream.received != nil) == (isOpen && route.action == "to"), "\(trace)")
    }
  }
}
