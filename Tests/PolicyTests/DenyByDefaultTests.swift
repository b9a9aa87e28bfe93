// Deny by default, over random configs: whoever shows no credential reaches a route's action only
// where the nearest `auth` says so. The oracle reads the text that it made, not the config
// language.

import Configuration
import PolicyChain
import Testing

@testable import Policies

/// A random config with nested groups, and what holds for each of its routes by the oracle.
struct RandomRules {
  /// Statements of `auth`, and whether an anonymous request passes them.
  static let rules: [(text: String, isOpen: Bool)] = [
    ("auth none", true), ("auth optional=[a]", true), ("auth any=[a] shadow=on", true),
    ("auth any=[a]", false), ("auth all=[a b]", false), ("auth any=[b a]", false),
    ("auth any=[a] require=[scope:read]", false), ("auth all=[b] require=[role:editor]", false),
    ("auth any=[a b] shadow=off", false),
  ]

  private(set) var text = ""
  /// By route; nil where no scope says anything, which must be an error.
  private(set) var isOpen: [String: Bool?] = [:]
  private var random: SplitMix
  private var count = 0

  init(seed: UInt64) {
    random = SplitMix(seed: seed)
    text =
      "sluice 1\nidentity a key keys=\"k\"\nidentity b key keys=\"k\"\n"
      + "upstream o {\n  server 127.0.0.1:9000\n}\n"
    var listener: Bool?
    text += "listener edge {\n  bind 127.0.0.1:8080\n" + statement(&listener, odds: 4) + "}\n"
    var defaults: Bool?
    if random.below(2) == 0 { text += "defaults {\n" + statement(&defaults, odds: 2) + "}\n" }
    let outer = listener ?? defaults
    for _ in 0..<1 + random.below(3) { add(in: "", outer, depth: 0) }
  }

  /// A random statement, or nothing; `holds` is what it says.
  private mutating func statement(_ holds: inout Bool?, odds: UInt64) -> String {
    guard random.below(odds) == 0 else { return "" }
    let rule = Self.rules[Int(random.below(UInt64(Self.rules.count)))]
    holds = rule.isOpen
    return rule.text + "\n"
  }

  private mutating func add(in group: String, _ outer: Bool?, depth: Int) {
    count += 1
    let name = "n\(count)"
    var holds = outer
    let own = statement(&holds, odds: 2)
    if depth < 3, random.below(3) == 0 {
      text += "group \(name) {\n" + own
      for _ in 0..<1 + random.below(2) { add(in: name, holds, depth: depth + 1) }
    } else {
      text += "route \(name) {\nmatch path=/\(name)\n" + own + "to o\n"
      isOpen[group.isEmpty ? name : "\(group).\(name)"] = .some(holds)
    }
    text += "}\n"
  }
}

/// SplitMix64.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ bound: UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return (word ^ (word >> 31)) % bound
  }
}

@Suite struct DenyByDefaultTests {
  @Test func `over a thousand configs nobody anonymous passes but where the config says so`()
    async throws
  {
    let first = UInt64.random(in: 0...1_000_000)
    var decided = 0
    for seed in first..<first + 1000 {
      let rules = RandomRules(seed: seed)
      let result = ExampleTests.load(rules.text)
      let isStated = rules.isOpen.values.allSatisfy { $0 != nil }
      #expect((result.configuration != nil) == isStated, "seed \(seed)\n\(rules.text)")
      guard let configuration = result.configuration,
        let listener = configuration.listeners.first
      else { continue }
      #expect(Set(listener.routes.map(\.id)) == Set(rules.isOpen.keys), "seed \(seed)")
      for route in listener.routes {
        let reached = try await reaches(route, configuration)
        #expect(
          reached == rules.isOpen[route.id] ?? nil, "seed \(seed), \(route.id)\n\(rules.text)")
        decided += 1
      }
    }
    #expect(decided > 500)
  }

  private func reaches(
    _ route: EffectiveRoute, _ configuration: EffectiveConfiguration
  ) async throws -> Bool {
    let test = try TestExchange("GET /")
    let upstream = FakeUpstream(test)
    let chain = ExampleTests.chain(
      of: route.settings, in: configuration, upstream,
      verifiers: ["a": FakeVerifier("a"), "b": FakeVerifier("b")])
    await test.run(chain)
    return upstream.received != nil
  }
}
