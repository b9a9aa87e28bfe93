// No pair of listener and route is below an `enforce`: random configs, judged by a fold of their
// model that knows nothing of the language, its files or its code.

import Testing

@testable import Configuration

/// What one scope says: everything may be left out.
private struct ModelScope {
  enum Timeout {
    case off
    case total(Int)
    /// Something else of the record, which switches it on.
    case connect
  }

  enum Sharing {
    case off
    case origins(credentials: Bool?)
  }

  var timeout: Timeout?
  var sharing: Sharing?
  var dropsAccess = false

  var lines: [String] {
    var lines: [String] = []
    switch timeout {
    case .off: lines.append("timeout off")
    case .total(let seconds): lines.append("timeout total=\(seconds)s")
    case .connect: lines.append("timeout connect=1s")
    case nil: break
    }
    switch sharing {
    case .off: lines.append("cors off")
    case .origins(let credentials):
      let said = credentials.map { " credentials=\($0 ? "on" : "off")" } ?? ""
      lines.append("cors origins=[https://a.example.com]\(said)")
    case nil: break
    }
    if dropsAccess { lines.append("access off") }
    return lines
  }
}

private struct ModelRules {
  enum Bound {
    case atMost(Int), atLeast(Int), exactly(Int)
    case on
  }

  enum Sharing {
    case off
    case withoutCredentials
  }

  var timeout: Bound?
  var sharing: Sharing?
  var access = false

  var lines: [String] {
    var lines: [String] = []
    switch timeout {
    case .atMost(let seconds): lines.append("timeout total<=\(seconds)s")
    case .atLeast(let seconds): lines.append("timeout total>=\(seconds)s")
    case .exactly(let seconds): lines.append("timeout total=\(seconds)s")
    case .on: lines.append("timeout")
    case nil: break
    }
    switch sharing {
    case .off: lines.append("cors off")
    case .withoutCredentials: lines.append("cors credentials=off")
    case nil: break
    }
    if access { lines.append("access deny=[192.0.2.0/24]") }
    return lines
  }

  /// What is weaker in scopes that stand from the outermost in, by its subject.
  func weakenings(_ scopes: [ModelScope]) -> Set<String> {
    var isTimed = true
    var total: Int?
    var isShared = false
    var credentials = false
    var dropsAccess = false
    for scope in scopes {
      switch scope.timeout {
      case .off: (isTimed, total) = (false, nil)
      case .total(let seconds): (isTimed, total) = (true, seconds)
      case .connect: isTimed = true
      case nil: break
      }
      switch scope.sharing {
      case .off: (isShared, credentials) = (false, false)
      case .origins(let said):
        isShared = true
        credentials = said ?? credentials
      case nil: break
      }
      dropsAccess = dropsAccess || scope.dropsAccess
    }
    var found: Set<String> = []
    if let timeout {
      if !isTimed {
        found.insert("timeout")
      } else if !timeout.keeps(total) {
        found.insert("timeout.total")
      }
    }
    switch sharing {
    case .off: if isShared { found.insert("cors") }
    case .withoutCredentials: if isShared, credentials { found.insert("cors.credentials") }
    case nil: break
    }
    if access, dropsAccess { found.insert("access") }
    return found
  }
}

extension ModelRules.Bound {
  /// Whether a total that is said, or the built-in one of fifteen seconds, keeps to it.
  fileprivate func keeps(_ total: Int?) -> Bool {
    switch self {
    case .atMost(let seconds): total ?? 15 <= seconds
    case .atLeast(let seconds): total ?? 15 >= seconds
    // Where nothing is said it is set.
    case .exactly(let seconds): total ?? seconds == seconds
    case .on: true
    }
  }
}

private struct Model {
  var defaults: ModelScope
  var listeners: [ModelScope]
  var group: ModelScope
  /// The first stand in the group.
  var grouped: [ModelScope]
  var free: [ModelScope]
  var rules: ModelRules
  /// A subject and the route that it is waived for.
  var waives: [(subject: String, route: String)]

  static let subjects = ["timeout", "timeout.total", "cors", "cors.credentials", "access"]

  var routes: [(id: String, scopes: [ModelScope])] {
    grouped.indices.map { ("g.r\($0)", [group, grouped[$0]]) }
      + free.indices.map { ("f\($0)", [free[$0]]) }
  }

  /// What is weaker somewhere, waived or not.
  var weakened: Set<String> {
    listeners.reduce(into: []) { found, listener in
      for route in routes {
        found.formUnion(rules.weakenings([defaults, listener] + route.scopes))
      }
    }
  }

  /// Whether the config has to be refused.
  var isRefused: Bool {
    var used = Set<Int>()
    var isWeaker = false
    for listener in listeners {
      for route in routes {
        for subject in rules.weakenings([defaults, listener] + route.scopes) {
          let covering = waives.indices.filter { index in
            waives[index].route == route.id
              && (subject == waives[index].subject
                || subject.hasPrefix(waives[index].subject + "."))
          }
          if let first = covering.first { used.insert(first) } else { isWeaker = true }
        }
      }
    }
    return isWeaker || used.count < waives.count
  }

  var text: String {
    var text = "sluice 1\n"
    func block(_ opener: String, _ lines: [String]) {
      text += "\(opener) {\n" + lines.map { "  \($0)\n" }.joined() + "}\n"
    }
    for (index, listener) in listeners.enumerated() {
      block("listener l\(index)", ["bind 127.0.0.1:\(8000 + index)"] + listener.lines)
    }
    block("defaults", ["auth none"] + defaults.lines)
    if !rules.lines.isEmpty { block("enforce", rules.lines) }
    let inner = grouped.enumerated().flatMap { index, scope in
      ["route r\(index) {", "match path=/g/\(index)", "respond 200"] + scope.lines + ["}"]
    }
    block("group g", ["match path=/g/**"] + group.lines + inner)
    for (index, scope) in free.enumerated() {
      block("route f\(index)", ["match path=/f\(index)", "respond 200"] + scope.lines)
    }
    for waive in waives {
      text += "waive \(waive.subject) route=\(waive.route) reason=\"x\" owner=y until=2030-01-01\n"
    }
    return text
  }

  init(using random: inout some RandomNumberGenerator) {
    func scope(_ random: inout some RandomNumberGenerator) -> ModelScope {
      var scope = ModelScope()
      switch Int.random(in: 0..<8, using: &random) {
      case 0: scope.timeout = .off
      case 1: scope.timeout = .connect
      case 2, 3: scope.timeout = .total(Int.random(in: 8...32, using: &random))
      default: break
      }
      switch Int.random(in: 0..<9, using: &random) {
      case 0: scope.sharing = .off
      case 1: scope.sharing = .origins(credentials: nil)
      case 2: scope.sharing = .origins(credentials: Bool.random(using: &random))
      default: break
      }
      scope.dropsAccess = Int.random(in: 0..<12, using: &random) == 0
      return scope
    }
    defaults = scope(&random)
    listeners = (0..<Int.random(in: 1...2, using: &random)).map { _ in scope(&random) }
    group = scope(&random)
    grouped = (0..<Int.random(in: 1...3, using: &random)).map { _ in scope(&random) }
    free = (0..<Int.random(in: 0...2, using: &random)).map { _ in scope(&random) }
    rules = ModelRules()
    let seconds = Int.random(in: 8...40, using: &random)
    let bounds: [ModelRules.Bound?] = [
      nil, .on, .atMost(seconds), .atLeast(seconds), .exactly(seconds),
    ]
    rules.timeout = bounds[Int.random(in: 0..<bounds.count, using: &random)]
    let sharings: [ModelRules.Sharing?] = [nil, nil, .off, .withoutCredentials]
    rules.sharing = sharings[Int.random(in: 0..<sharings.count, using: &random)]
    rules.access = Int.random(in: 0..<4, using: &random) == 0
    waives = []
    // Half of the configs waive just what is weaker, so that many are taken for their waives.
    if Bool.random(using: &random) {
      for route in routes {
        let weaker = listeners.reduce(into: Set<String>()) { found, listener in
          found.formUnion(rules.weakenings([defaults, listener] + route.scopes))
        }
        for subject in weaker.sorted() {
          waives.append((subject, route.id))
        }
      }
      return
    }
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let subject = Self.subjects[Int.random(in: 0..<Self.subjects.count, using: &random)]
      let route = routes[Int.random(in: 0..<routes.count, using: &random)].id
      waives.append((subject, route))
    }
  }
}

@Suite struct EnforcementPropertyTests {
  @Test func `no effective pair is below an enforce, over two thousand random configs`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    var refused = 0
    var taken: [String: Int] = [:]
    var weakened: [String: Int] = [:]
    for round in 0..<2000 {
      let model = Model(using: &random)
      let text = model.text
      let result = ConfigurationLoader(
        files: MemoryFiles(["routes.conf": text]), schema: TestPolicies.schema
      ).load("routes.conf")
      let errors = result.diagnostics.filter { $0.severity == .error }
      let isByPolicy = errors.allSatisfy { ["P0121", "P0123"].contains($0.code.description) }
      #expect(isByPolicy, "seed \(seed), round \(round): \(errors.map(\.message))\n\(text)")
      #expect(
        (result.configuration == nil) == model.isRefused,
        "seed \(seed), round \(round): \(errors.map(\.message))\n\(text)")
      if model.isRefused { refused += 1 }
      for subject in model.weakened {
        weakened[subject, default: 0] += 1
        if !model.isRefused { taken[subject, default: 0] += 1 }
      }
    }
    // A test that only ever accepts, or only ever refuses, shows nothing; nor does one that never
    // meets some kind of weakening, with a waive and without.
    #expect((400...1600).contains(refused), "\(refused) of 2000 were refused")
    for subject in Model.subjects {
      #expect(weakened[subject, default: 0] >= 40, "seed \(seed): \(subject) \(weakened)")
      #expect(taken[subject, default: 0] >= 1, "seed \(seed): \(subject) \(taken)")
    }
  }
}
