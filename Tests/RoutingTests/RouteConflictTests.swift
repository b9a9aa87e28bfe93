// Ties and unreachable routes: by example, and by what the naive router says of random routes.

import Configuration
import Routing
import Testing

struct RouteConflictTests {
  private static func words(_ routes: [[RouteMatch]]) -> [String] {
    let lines = routes.enumerated().map { RouteLines(id: $0.offset, lines: $0.element) }
    return RouteConflictAnalysis(lines).conflicts().map { conflict in
      switch conflict {
      case .tie(let a, let b, let host, let path):
        "\(a.route).\(a.line) ties \(b.route).\(b.line) on \(host.text) \(path.text)"
      case .unreachable(let route, let front): "\(route) behind \(front)"
      case .incomplete(let host, let path, let count): "\(count) on \(host.text) \(path.text)"
      }
    }
  }

  @Test func `the same host and shape of path tie`() throws {
    let routes = [
      [try line(host: ["a.b"], path: ["/x/{id}"])],
      [try line(path: ["/y"]), try line(host: ["c.d", "a.b"], path: ["/x/{name}"])],
      [try line(host: ["*.b"], path: ["/x/{id}"])],
    ]
    #expect(Self.words(routes) == ["0.0 ties 1.1 on a.b /x/{name}"])
  }

  @Test(
    arguments: [
      (["GET"], ["GET"], true), (["GET"], ["POST"], false), (["GET"], ["HEAD"], false),
      ([], ["GET"], false), ([], [], true), (["GET", "PUT"], ["PUT", "POST"], true),
    ])
  func `methods tie where both name one`(a: [String], b: [String], ties: Bool) throws {
    let routes = [[try line(path: ["/"], method: a)], [try line(path: ["/"], method: b)]]
    #expect(Self.words(routes).isEmpty != ties)
  }

  @Test func `the same field tells two routes apart only by its value`() throws {
    let routes = [
      [try line(header: [("t", ["1"])])], [try line(header: [("t", ["2"])])],
      [try line(header: [("t", ["3", "2"])])], [try line(header: [("u", ["1"])])],
      [try line(query: [("t", ["1"])])], [try line(header: [("t", ["1"]), ("u", ["1"])])],
    ]
    #expect(
      Self.words(routes) == ["1.0 ties 2.0 on * /**", "0.0 ties 3.0 on * /**"])
  }

  @Test func `lines of one route do not tie with each other`() throws {
    #expect(Self.words([[try line(path: ["/a"]), try line(path: ["/a", "/a"])]]) == [])
  }

  @Test func `thousands of tenants on one path are told apart by value`() throws {
    var routes = try (0..<3_000).map { [try line(path: ["/"], header: [("t", ["t\($0)"])])] }
    #expect(Self.words(routes) == [])
    routes.append([try line(path: ["/"], header: [("t", ["new", "t1234"])])])
    routes.append([try line(path: ["/"], header: [("u", ["1"])])])
    #expect(
      Self.words(routes) == ["1234.0 ties 3000.0 on * /", "0.0 ties 3001.0 on * /"])
  }

  @Test func `the rest is unreachable when all that it takes is taken in front`() throws {
    var routes = [
      [try line(path: ["/a/**"])], [try line(path: ["/a"])], [try line(path: ["/a/"])],
      [try line(path: ["/a/{x}/**"])],
    ]
    #expect(Self.words(routes) == ["0 behind [1, 2, 3]"])
    for front in 1...3 {
      var open = routes
      open[front] = [try line(path: ["/other"])]
      #expect(Self.words(open) == [], "without route \(front) the rest has something to take")
    }
    routes[3] = [try line(path: ["/a/{x}"])]
    routes.append([try line(path: ["/a/{x}/"])])
    routes.append([try line(path: ["/a/{x}/{y}/**"])])
    #expect(Self.words(routes) == ["0 behind [1, 2, 3, 4, 5]"])
    routes[0].append(try line(path: ["/z"]))
    #expect(Self.words(routes) == [], "the second line can be reached")
  }

  @Test func `only what is taken with any fields and the same methods hides the rest`() throws {
    func routes(_ rest: [String], _ front: [String], _ fields: Bool) throws -> [[RouteMatch]] {
      let header = fields ? [("x", ["1"])] : []
      return [
        [try line(path: ["/a/**"], method: rest)],
        [try line(path: ["/a", "/a/"], method: front)],
        [try line(path: ["/a/{x}/**"], method: front, header: header)],
      ]
    }
    #expect(Self.words(try routes(["GET"], [], false)) == ["0 behind [1, 2]"])
    #expect(Self.words(try routes(["HEAD"], ["GET"], false)) == ["0 behind [1, 2]"])
    #expect(Self.words(try routes([], ["GET"], false)) == [])
    #expect(Self.words(try routes(["PUT"], ["GET"], false)) == [])
    #expect(Self.words(try routes([], [], true)) == [])
  }

  @Test func `what ties at a request is reported, and what is reported ties`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    var tied = 0
    for _ in 0..<1_500 {
      let routes = try RandomRoutes.routes(&random)
      let lines = routes.enumerated().map { RouteLines(id: $0.offset, lines: $0.element) }
      let conflicts = RouteConflictAnalysis(lines).conflicts()
      let naive = NaiveRouter(routes: routes, scopes: [])
      var reported = Set<Int>()
      var hidden = Set<Int>()
      for conflict in conflicts {
        switch conflict {
        case .tie(let a, let b, let host, let path):
          reported.formUnion([a.route, b.route])
          let witness = Witness(routes[a.route][a.line], routes[b.route][b.line], host, path)
          let alone = NaiveRouter(routes: [[witness.a], [witness.b]], scopes: [])
          #expect(alone.winners(witness.asked) == [0, 1], "seed \(seed): \(conflict)")
        case .unreachable(let route, _): hidden.insert(route)
        case .incomplete: Issue.record("seed \(seed): twelve routes are too many")
        }
      }
      for _ in 0..<20 {
        let winners = naive.winners(RandomRoutes.request(&random))
        #expect(winners.isDisjoint(with: hidden), "seed \(seed): \(routes)")
        guard winners.count > 1 else { continue }
        tied += 1
        #expect(!winners.isDisjoint(with: reported), "seed \(seed): \(routes)")
      }
    }
    #expect(tied > 100, "seed \(seed)")
  }
}

/// A request that two lines which are said to tie both match.
private struct Witness {
  let a: RouteMatch
  let b: RouteMatch
  var asked = AskedRequest()

  init(_ a: RouteMatch, _ b: RouteMatch, _ host: HostPattern, _ path: PathPattern) {
    func only(_ match: RouteMatch) -> RouteMatch {
      var match = match
      match.hosts = [host]
      match.paths = [path]
      return match
    }
    self.a = only(a)
    self.b = only(b)
    switch host {
    case .any: asked.host = "w"
    case .wildcard(let suffix): asked.host = "w." + suffix
    case .exact(let name): asked.host = name
    }
    asked.path = path.segments.map { segment in
      switch segment {
      case .literal(let text): "/" + text
      case .parameter: "/w"
      case .rest: "/w"
      }
    }.joined()
    let both = only(a).intersection(only(b)) ?? a
    asked.method = Self.method(a, b)
    for field in both.headers { asked.fields.append((field.name, field.values[0])) }
    for field in both.cookies {
      asked.fields.append(("cookie", "\(field.name)=\(field.values[0])"))
    }
    let pairs = both.queries.map { "\($0.name)=\($0.values[0])" }
    if !pairs.isEmpty { asked.query = pairs.joined(separator: "&") }
  }

  private static func method(_ a: RouteMatch, _ b: RouteMatch) -> String {
    a.methods.first { b.methods.contains($0) }?.name ?? "PUT"
  }
}
