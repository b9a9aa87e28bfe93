// Route choice by example: each table is a list of routes by number, each vector a request and its
// answer.

import Bytes
import Configuration
import HTTPMessage
import Routing
import Testing

private func compile(
  _ routes: [[RouteMatch]], scopes: [RouteScope] = [], listener: RouteListener = .edge
) throws -> RouteTable {
  try RouteTable(routes: routes, scopes: scopes, listener: listener, seed: 7)
}

struct RouteTableTests {
  @Test(
    arguments: [
      ("/a", "0"), ("/a/", "1 rest="), ("/a/b", "2"), ("/a/b/", "1 rest=b/"), ("/a/c", "3 id=c"),
      ("/a/c/", "1 rest=c/"), ("/a/c/d", "4 id=c rest="), ("/a/b/d", "4 id=b rest="),
      ("/a/b/d/", "4 id=b rest="), ("/a/c/d/e/f", "4 id=c rest=e/f"), ("/b", "404"), ("/A", "404"),
      ("/", "5"), ("*", "404"), ("/ab", "404"), ("/a/b/c/d/e", "1 rest=b/c/d/e"), ("", "404"),
    ])
  func `a literal goes before a parameter before the rest`(path: String, words: String) throws {
    let table = try compile([
      [try line(path: ["/a"])], [try line(path: ["/a/**"])], [try line(path: ["/a/b"])],
      [try line(path: ["/a/{id}"])], [try line(path: ["/a/{id}/d/**"])], [try line(path: ["/"])],
    ])
    #expect(table.words(AskedRequest(path: path), names: ["id"]) == words)
  }

  @Test(
    arguments: [
      ("a.example", "0"), ("A.EXAMPLE", "0"), ("a.example.", "0"), ("a.example..", "3 rest="),
      ("b.example", "2"), ("x.b.example", "1"), ("y.x.b.example", "1"), ("example", "3 rest="),
      ("", "3 rest="), (".b.example", "3 rest="), ("x..b.example", "3 rest="),
      ("xb.example", "2"), ("a.example.evil", "3 rest="),
    ])
  func `an exact host goes before a longer wildcard before any`(host: String, words: String) throws
  {
    let table = try compile([
      [try line(host: ["a.example"], path: ["/"])], [try line(host: ["*.b.example"], path: ["/"])],
      [try line(host: ["*.example"], path: ["/"])], [try line()],
    ])
    #expect(table.words(AskedRequest(host: host)) == words)
  }

  @Test func `a less specific host takes what the more specific one does not`() throws {
    let table = try compile([
      [try line(host: ["a.b.example"], path: ["/a"])],
      [try line(host: ["*.b.example"], path: ["/b"])],
      [try line(host: ["*.example"], path: ["/c"])], [try line(path: ["/d"])],
    ])
    for (path, words) in [("/a", "0"), ("/b", "1"), ("/c", "2"), ("/d", "3"), ("/e", "404")] {
      #expect(table.words(AskedRequest(host: "a.b.example", path: path)) == words)
    }
  }

  @Test(
    arguments: [
      ("GET", "0"), ("HEAD", "1"), ("POST", "2"), ("BREW", "3"), ("MELT", "4"), ("brew", "4"),
    ])
  func `a named method goes before any`(method: String, words: String) throws {
    let table = try compile([
      [try line(path: ["/"], method: ["GET"])], [try line(path: ["/"], method: ["HEAD"])],
      [try line(path: ["/"], method: ["PUT", "POST"])], [try line(path: ["/"], method: ["BREW"])],
      [try line(path: ["/"])],
    ])
    #expect(table.words(AskedRequest(method: method)) == words)
  }

  @Test func `GET takes HEAD, before a route for any method`() throws {
    let table = try compile([[try line(path: ["/"])], [try line(path: ["/"], method: ["GET"])]])
    #expect(table.words(AskedRequest(method: "HEAD")) == "1")
  }

  @Test func `405 lists the methods of all routes that would match`() throws {
    let table = try compile([
      [try line(path: ["/a"], method: ["GET"])],
      [try line(path: ["/**"], method: ["BREW", "PUT"])],
      [try line(path: ["/a"], method: ["POST"], header: [("x", ["1"])])],
      [try line(host: ["other"], path: ["/a"], method: ["DELETE"])],
    ])
    var asked = AskedRequest(method: "PATCH", path: "/a")
    #expect(table.words(asked) == "405 GET, HEAD, PUT, BREW")
    asked.fields = [("X", "1")]
    #expect(table.words(asked) == "405 GET, HEAD, POST, PUT, BREW")
    #expect(
      table.words(AskedRequest(method: "PATCH", host: "other", path: "/b")) == "405 PUT, BREW")
  }

  @Test func `a path that only another host has is 404 and not 405`() throws {
    let table = try compile([[try line(host: ["a.example"], path: ["/a"], method: ["GET"])]])
    #expect(table.words(AskedRequest(method: "PUT", host: "b.example", path: "/a")) == "404")
  }

  @Test(
    arguments: [
      (nil, [], "3"), (nil, [("X-A", "1")], "2"), ("q=1", [], "1"), ("q=1", [("x-a", "1")], "2"),
      ("q=1", [("x-a", "1"), ("X-B", "2")], "0"), (nil, [("x-a", "1"), ("x-a", "1")], "3"),
      ("q=1&q=1", [], "3"), ("q=1&%71=2", [], "3"), ("%71=%31", [], "1"), ("q=1;r", [], "3"),
      ("Q=1", [], "3"), ("q", [], "3"), ("p&q=1&", [], "1"), ("q=1%", [], "3"),
      (nil, [("x-a", "01")], "3"),
    ] as [(String?, [(String, String)], String)])
  func `more header matches go before more query matches`(
    query: String?, fields: [(String, String)], words: String
  ) throws {
    let table = try compile([
      [try line(path: ["/"], header: [("x-a", ["1"]), ("x-b", ["2"])])],
      [try line(path: ["/"], query: [("q", ["1"])])],
      [try line(path: ["/"], header: [("x-a", ["1", "5"])])], [try line(path: ["/"])],
    ])
    let fields = fields.map { (name: $0.0, value: $0.1) }
    #expect(table.words(AskedRequest(query: query, fields: fields)) == words)
  }

  @Test(
    arguments: [
      (["s=1"], "0"), (["t=2; s=1"], "0"), (["t=2;s=1 ;"], "0"), (["t=2", "s=1"], "0"),
      (["s=2"], "1"),
      (["S=1"], "1"), (["s=1; s=1"], "1"), (["s=1", "s=2"], "1"), (["ts=1"], "1"), (["s"], "1"),
      (["s=\"1\""], "1"), (["s="], "2"), ([], "1"),
    ])
  func `a cookie matches by its one value`(lines: [String], words: String) throws {
    let table = try compile([
      [try line(path: ["/"], cookie: [("s", ["1"])])], [try line(path: ["/"])],
      [try line(path: ["/"], cookie: [("s", [""])])],
    ])
    let fields = lines.map { (name: "cookie", value: $0) }
    #expect(table.words(AskedRequest(fields: fields)) == words)
  }

  @Test func `a query value with a plus is a blank`() throws {
    let table = try compile([[try line(path: ["/"], query: [("q", ["a b"])])]])
    #expect(table.words(AskedRequest(query: "q=a+b")) == "0")
    #expect(table.words(AskedRequest(query: "q=a%20b")) == "0")
    #expect(table.words(AskedRequest(query: "q=a%2Bb")) == "404")
  }

  @Test func `a preflight is matched by the method that it asks for`() throws {
    let table = try compile([
      [try line(path: ["/"], method: ["PUT"])], [try line(path: ["/"], method: ["OPTIONS"])],
    ])
    var asked = AskedRequest(method: "OPTIONS")
    asked.fields = [("origin", "https://x"), ("access-control-request-method", "PUT")]
    #expect(table.words(asked, by: .askedByPreflight) == "0")
    #expect(table.words(asked, by: .own) == "1")
    asked.fields.removeFirst()
    #expect(table.words(asked, by: .askedByPreflight) == "1")
  }

  @Test func `a listener serves the lines that name it, and the others unless it serves named`()
    throws
  {
    let routes = [
      [try line(path: ["/a"])], [try line(listener: ["edge"], path: ["/b"])],
      [try line(listener: ["plain"], path: ["/c"])],
    ]
    let plain = RouteListener(name: "plain", servesNamedOnly: true)
    let edge = try compile(routes)
    let named = try compile(routes, listener: plain)
    let paths = ["/a", "/b", "/c"].map { AskedRequest(path: $0) }
    #expect(paths.map { edge.words($0) } == ["0", "1", "404"])
    #expect(paths.map { named.words($0) } == ["404", "404", "2"])
  }

  @Test func `parameters of several paths share their slots by name`() throws {
    let table = try compile([[try line(path: ["/a/{x}/{y}", "/b/{y}", "/c/{z}/**"])]])
    let names = ["x", "y", "z"]
    #expect(table.words(AskedRequest(path: "/a/1/2"), names: names) == "0 x=1 y=2")
    #expect(table.words(AskedRequest(path: "/b/3"), names: names) == "0 y=3")
    #expect(table.words(AskedRequest(path: "/c/4/5"), names: names) == "0 z=4 rest=5")
  }

  @Test func `a path in the added text gives parameters in the added text`() throws {
    let table = try compile([[try line(path: ["/a/{x}"])]])
    let request = AskedRequest(path: "/none").canonical()
    let rewritten = request.fields.keep(Array("/a/xyz".utf8).span)
    request.path = try #require(rewritten)
    guard case .route(0, let parameters) = table.lookup(request, by: .own) else {
      Issue.record("The rewritten path has a route.")
      return
    }
    #expect(request.text(try #require(parameters[0])).text == "xyz")
    #expect(parameters[1] == nil && parameters[16] == nil && parameters.rest == nil)
  }
}

struct RouteScopeTests {
  private static let scopes =
    [
      ("outer", nil, ["/v1/**"]), ("inner", 0, ["/v1/orders/**"]), ("bare", 0, []),
      ("left", nil, ["/same/**"]), ("right", nil, ["/same/**"]), ("deep", 1, ["/v1/orders/**"]),
    ] as [(String, Int?, [String])]

  @Test(
    arguments: [
      ("/v1/x", "404 in 0"), ("/v1/orders/x", "404 in 5"), ("/v2", "404"), ("/same/x", "404"),
      ("/v1", "404 in 0"), ("/v1/orders/1", "405 GET, HEAD in 5"),
    ])
  func `an answer without a route belongs to the innermost scope`(path: String, words: String)
    throws
  {
    let scopes = try Self.scopes.map {
      RouteScope(matches: $0.2.isEmpty ? [] : [try line(path: $0.2)], parent: $0.1)
    }
    let table = try compile([[try line(path: ["/v1/orders/1"], method: ["GET"])]], scopes: scopes)
    let asked = AskedRequest(method: "PUT", path: path)
    #expect(table.words(asked) == words)
    let scope = table.scope(of: asked.canonical()).map { " in \($0)" } ?? ""
    #expect(words.hasSuffix(scope))
  }

  @Test func `scopes that tie leave the answer to the one around them`() throws {
    let matches = [try line(path: ["/a/**"])]
    let scopes = [
      RouteScope(matches: [try line(path: ["/**"])], parent: nil),
      RouteScope(matches: matches, parent: 0), RouteScope(matches: matches, parent: 0),
    ]
    let table = try compile([], scopes: scopes)
    #expect(table.words(AskedRequest(path: "/a/b")) == "404 in 0")
  }
}

struct RouteTableLimitTests {
  @Test func `21 methods without a standard name are taken and 22 are not`() throws {
    func routes(_ count: Int) throws -> [[RouteMatch]] {
      [[try line(method: (0..<count).map { "M\($0)" })]]
    }
    let table = try compile(try routes(21))
    #expect(table.words(AskedRequest(method: "M20")) == "0 rest=")
    #expect(throws: RouteTableError.tooManyMethods(max: 21)) { try compile(try routes(22)) }
  }

  @Test func `16 parameter names of one route are taken and 17 are not`() throws {
    func routes(_ count: Int) throws -> [[RouteMatch]] {
      [[try line(path: (0..<count).map { "/p\($0)/{n\($0)}" })]]
    }
    let table = try compile(try routes(16))
    #expect(table.words(AskedRequest(path: "/p15/v"), names: ["n15"]) == "0 n15=v")
    #expect(throws: RouteTableError.tooManyParameters(route: 0, max: 16)) {
      try compile(try routes(17))
    }
  }

  @Test func `64 field names are taken and 65 are not`() throws {
    func routes(_ count: Int) throws -> [[RouteMatch]] {
      try (0..<count).map { [try line(header: [("x-\($0)", ["1"])])] }
    }
    let table = try compile(try routes(64))
    #expect(table.words(AskedRequest(fields: [("X-63", "1")])) == "63 rest=")
    #expect(throws: RouteTableError.tooManyFieldNames(max: 64)) { try compile(try routes(65)) }
  }

  @Test func `a tree of alternatives that one request would walk whole is refused`() throws {
    // Every path of eleven segments that are `a` or a parameter: all of them match /a/a/a...
    func routes(_ depth: Int) throws -> [[RouteMatch]] {
      try (0..<(1 << depth)).map { bits in
        let path = (0..<depth).map { bits >> $0 & 1 == 0 ? "/a" : "/{p\($0)}" }.joined()
        return [try line(path: [path + "/end"])]
      }
    }
    let path = String(repeating: "/a", count: 11)
    let table = try compile(try routes(11))
    #expect(table.words(AskedRequest(path: path + "/end")) == "0")
    #expect(table.words(AskedRequest(path: path + "/no")) == "404")
    let error = #expect(throws: RouteTableError.self) { try compile(try routes(14)) }
    #expect(error?.message.contains("at most 32768") == true)
  }
}
