// Why a route lost.

import Configuration
import Routing
import Testing

struct RouteExplanationTests {
  private static func verdicts(
    _ routes: [[RouteMatch]], _ asked: AskedRequest
  ) throws -> [RouteExplanation.Verdict] {
    let request = asked.canonical()
    return try RouteExplanation(
      request, by: .own, routes: routes, scopes: [], listener: .edge
    ).verdicts
  }

  @Test func `each route says where it stopped`() throws {
    let header = try FieldMatch(.header, name: "x", values: ["1"])
    let cookie = try FieldMatch(.cookie, name: "s", values: ["1"])
    let routes = [
      [try line(listener: ["plain"])], [try line(host: ["other"])],
      [try line(path: ["/b"])], [try line(path: ["/a"], method: ["PUT"])],
      [try line(path: ["/a"], header: [("x", ["1"])])],
      [try line(path: ["/a"], query: [("q", ["1"])], cookie: [("s", ["1"])])],
      [try line(path: ["/{x}"])], [try line(path: ["/a"])],
      [try line(host: ["example"], path: ["/**"])], [try line(path: ["/a"], method: ["GET"])],
    ]
    let verdicts = try Self.verdicts(routes, AskedRequest(path: "/a", query: "q=1"))
    #expect(
      verdicts == [
        .listener, .host, .path, .method, .field(header), .field(cookie), .lessSpecific(.host),
        .lessSpecific(.host), .taken, .lessSpecific(.host),
      ])
  }

  @Test func `what decides between two that match is named`() throws {
    let routes = [
      [try line(path: ["/a"], method: ["GET"])], [try line(path: ["/a"])],
      [try line(path: ["/a"], method: ["GET"], query: [("q", ["1"])])],
      [try line(path: ["/a"], method: ["GET"], header: [("x", ["1"])])], [try line(path: ["/{x}"])],
      [try line(path: ["/a"], method: ["GET"], header: [("x", ["1", "2"])])],
    ]
    let asked = AskedRequest(path: "/a", query: "q=1", fields: [("x", "1")])
    #expect(
      try Self.verdicts(routes, asked) == [
        .lessSpecific(.headers), .lessSpecific(.method), .lessSpecific(.headers), .taken,
        .lessSpecific(.path), .tie,
      ])
  }

  @Test func `the verdicts agree with the decision`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    for _ in 0..<300 {
      let routes = try RandomRoutes.routes(&random)
      let naive = NaiveRouter(routes: routes, scopes: [])
      let asked = RandomRoutes.request(&random)
      let explanation = try RouteExplanation(
        asked.canonical(), by: .own, routes: routes, scopes: [], listener: .edge)
      let winners = naive.winners(asked)
      for (route, verdict) in explanation.verdicts.enumerated() {
        let isAtFront = verdict == .taken || verdict == .tie
        #expect(isAtFront == winners.contains(route), "seed \(seed): \(asked) \(verdict) \(routes)")
      }
    }
  }
}
