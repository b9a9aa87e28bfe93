// What two scopes have in common: a child only narrows.

import Configuration
import Routing
import Testing

struct IntersectionTests {
  @Test(
    arguments: [
      ("*", "a.example", "a.example"), ("*.example", "a.example", "a.example"),
      ("*.example", "*.a.example", "*.a.example"), ("*.example", "example", nil),
      ("*.a.example", "*.b.example", nil), ("a.example", "b.example", nil),
      ("*.example", "*.myexample", nil), ("*", "*", "*"),
    ])
  func `hosts meet in the narrower one`(a: String, b: String, both: String?) throws {
    let (a, b) = (try HostPattern(parsing: a), try HostPattern(parsing: b))
    #expect(a.intersection(b)?.text == both)
    #expect(b.intersection(a)?.text == both)
  }

  @Test(
    arguments: [
      ("/v1/**", "/v1/orders", "/v1/orders"), ("/v1/**", "/v1", "/v1"), ("/v1/**", "/v1/", "/v1/"),
      ("/v1/**", "/v2/**", nil), ("/**", "/a/{x}/**", "/a/{x}/**"), ("/a/{x}", "/{y}/b", "/a/b"),
      ("/{x}", "/", nil), ("/a", "/a/", nil), ("/a/{x}", "/a/**", "/a/{x}"), ("/a", "/a/b", nil),
      ("/{x}/**", "/a/**", "/a/**"), ("/**", "/", "/"), ("/a/b/**", "/a", nil), ("/", "/", "/"),
    ])
  func `paths meet segment by segment`(a: String, b: String, both: String?) throws {
    let (a, b) = (try PathPattern(parsing: a), try PathPattern(parsing: b))
    #expect(a.intersection(b)?.text == both)
    #expect(b.intersection(a)?.text == both)
  }

  @Test func `a path keeps the parameters of both scopes, its own first`() throws {
    let route = try PathPattern(parsing: "/{a}/b/{c}")
    let group = try PathPattern(parsing: "/{tenant}/{a}/**")
    let both = try #require(route.intersection(group))
    let captures = both.captures.map { "\($0.name)=\($0.segment)" }
    #expect(Set(captures) == ["a=0", "tenant=0", "c=2"])
    #expect(both.text == "/{a}/b/{c}")
  }

  @Test func `a line meets each of the outer lines or is dropped`() throws {
    let group = [try line(path: ["/a/**"]), try line(path: ["/b/**"], method: ["GET"])]
    let route = [try line(path: ["/b/c"], method: ["HEAD"]), try line(path: ["/d"])]
    let both = RouteMatch.intersection(route, group)
    #expect(both == [try line(path: ["/b/c"], method: ["HEAD"])])
    #expect(RouteMatch.intersection([], group) == group)
    #expect(RouteMatch.intersection(route, []) == route)
  }

  @Test func `the same field must meet both scopes`() throws {
    let outer = try line(header: [("x", ["1", "2"]), ("y", ["1"])])
    let inner = try line(header: [("x", ["2", "3"])])
    #expect(inner.intersection(outer) == (try line(header: [("x", ["2"]), ("y", ["1"])])))
    #expect(try line(header: [("x", ["3"])]).intersection(outer) == nil)
  }

  @Test func `listeners and methods meet in what is common`() throws {
    let outer = try line(listener: ["a", "b"], method: ["GET", "POST"])
    let inner = try line(listener: ["b", "c"], method: ["HEAD", "POST", "PUT"])
    #expect(inner.intersection(outer) == (try line(listener: ["b"], method: ["HEAD", "POST"])))
    #expect(try line(listener: ["c"]).intersection(outer) == nil)
    #expect(try line(method: ["PUT"]).intersection(outer) == nil)
  }
}
