// Random routes, scopes and requests over a small alphabet, so that they meet often.

import Configuration
import Routing

enum RandomRoutes {
  static let names = ["a", "b", "c"]
  private static let hosts = [
    "*", "example", "*.example", "a.example", "*.a.example", "b.a.example",
  ]
  private static let requestHosts = [
    "example", "a.example", "A.Example", "b.a.example", "x.b.a.example", "x.example", "other",
    "example.", "a.example..", ".example", "a..example", "", "[::1]", "xexample",
    String(repeating: "a.", count: 130) + "example",
  ]
  private static let segments = ["p", "q", "r", "pp"]

  static func tables(
    _ random: inout RandomSource, fillers: Int
  ) throws -> (RouteTable, NaiveRouter) {
    var routes = try routes(&random)
    // Routes that take none of the requests make the table large and must change nothing.
    for filler in 0..<fillers {
      let path = ["/filler\(filler)/{a}", "/p/filler\(filler)", "/{a}/filler\(filler)/**"]
      routes.append([try line(host: ["f\(filler).example", "*"], path: path)])
    }
    var scopes: [RouteScope] = []
    for index in 0..<Int.random(in: 0...4, using: &random) {
      let parent = index > 0 && random.chance(50) ? Int.random(in: 0..<index, using: &random) : nil
      let own = try line(host: random.some(of: hosts, upTo: 1), path: paths(&random, upTo: 1))
      let matches = RouteMatch.intersection([own], parent.map { scopes[$0].matches } ?? [])
      scopes.append(RouteScope(matches: matches, parent: parent))
    }
    let table = try RouteTable(
      routes: routes, scopes: scopes, listener: .edge, seed: random.next())
    return (table, NaiveRouter(routes: routes, scopes: scopes))
  }

  static func routes(_ random: inout RandomSource) throws -> [[RouteMatch]] {
    try (0..<Int.random(in: 1...12, using: &random)).map { _ in
      try (0..<random.one(of: [1, 1, 1, 2])).map { _ in try match(&random) }
    }
  }

  private static func match(_ random: inout RandomSource) throws -> RouteMatch {
    func field(_ names: [String]) -> [(String, [String])] {
      guard random.chance(20) else { return [] }
      return [
        (random.one(of: names), [random.one(of: ["1", "2"])] + random.some(of: ["3"], upTo: 1))
      ]
    }
    return try line(
      host: random.some(of: hosts, upTo: 2), path: paths(&random, upTo: 2),
      method: random.some(of: ["GET", "HEAD", "POST", "BREW"], upTo: 2),
      header: field(["x-a", "x-b"]),
      query: field(["a1", "b"]), cookie: field(["s"]))
  }

  private static func paths(_ random: inout RandomSource, upTo count: Int) -> [String] {
    (0..<Int.random(in: 0...count, using: &random)).map { _ in
      var free = names
      var path = ""
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        path += random.chance(60) ? "/" + random.one(of: segments) : "/{\(free.removeFirst())}"
      }
      return path + random.one(of: path.isEmpty ? ["/", "/**"] : ["", "", "/", "/**"])
    }
  }

  static func request(_ random: inout RandomSource) -> AskedRequest {
    var asked = AskedRequest()
    asked.method = random.one(of: ["GET", "GET", "HEAD", "POST", "BREW", "PUT", "MELT"])
    asked.host = random.one(of: requestHosts)
    asked.path = random.chance(2) ? "*" : ""
    if asked.path.isEmpty {
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        asked.path += "/" + random.one(of: segments)
      }
      if asked.path.isEmpty || random.chance(20) { asked.path += "/" }
    }
    if random.chance(50) {
      let pairs = random.some(
        of: ["a1=1", "a1=%31", "a%31=2", "b=2", "b", "c=1", "a1=", "b=%3"], upTo: 3)
      asked.query = pairs.joined(separator: "&")
    }
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let name = random.one(of: ["x-a", "X-B", "x-c", "cookie"])
      let values =
        name == "cookie" ? ["s=1", "s=2; t=1", "t=1; s=1", "s=1; s=1"] : ["1", "2", "3"]
      asked.fields.append((name, random.one(of: values)))
    }
    return asked
  }
}
