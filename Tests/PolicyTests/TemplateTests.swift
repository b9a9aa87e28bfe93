// What templates make of values that were chosen to break out of their place.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain
import Testing

@testable import Policies

/// A template, a request, and the Location or path that must come of it; nil for a refusal.
struct TemplateVector: Sendable, CustomTestStringConvertible {
  let template: String
  let line: String
  let fields: [String]
  let expected: String?

  init(_ template: String, _ line: String, _ expected: String?) {
    self.init(template, line, [], expected)
  }

  init(_ template: String, _ line: String, _ fields: [String], _ expected: String?) {
    self.template = template
    self.line = line
    self.fields = fields
    self.expected = expected
  }

  var testDescription: String { "\(template) for \(line)" }
}

@Suite struct TemplateTests {
  static let redirects: [TemplateVector] = [
    .init("https://x.example{path}", "GET /a/b%20c?q=%26", "https://x.example/a/b%20c?q=%26"),
    .init("https://x.example/new", "GET /old?a=1", "https://x.example/new?a=1"),
    .init("https://x.example/new?b=2", "GET /old?a=1", "https://x.example/new?b=2"),
    .init("https://{host}{path}", "GET /a", "https://api.example.com/a"),
    .init("https://{host}:8443/", "GET /a", "https://api.example.com:8443/"),
    .init("/q?p={path}", "GET /a&b=c", "/q?p=/a%26b%3Dc"),
    .init("/q/{query.x}", "GET /?x=a%2Fb/../c+d", "/q/a%2Fb%2F..%2Fc%20d?x=a%2Fb/../c+d"),
    .init("/q?y={query.x}", "GET /?x=a%26b+c#", nil),
    .init("/q?y={query.x}", "GET /?w=1&x=a%26b+c=d&x=2", "/q?y=a%26b+c%3Dd"),
    .init("/q?y={query.none}", "GET /?x=1", "/q?y="),
    .init("/h/{header.x-a}", "GET /", ["X-A: a/b?c=d&e#f%2F"], "/h/a%2Fb%3Fc%3Dd%26e%23f%252F"),
    .init("/c/{cookie.s}", "GET /", ["Cookie: r=1; s=a/b; t=2"], "/c/a%2Fb"),
    .init("/m/{method}", "GET /", "/m/GET"),
    .init("/ip/{client.ip}", "GET /", "/ip/198.51.100.7"),
  ]

  @Test(arguments: redirects)
  func `a redirect's target is encoded for each place`(_ vector: TemplateVector) async throws {
    guard let expected = vector.expected else {
      #expect(throws: (any Error).self) { _ = try TestExchange(vector.line) }
      return
    }
    let test = try TestExchange(vector.line, fields: vector.fields)
    _ = try ClientAddress(nil).admit(test.exchange)
    var settings = Redirect.Settings()
    settings.target = try Template(parsing: vector.template)
    settings.status = .found
    let redirect = Redirect(settings, parameterNames: [])
    try await redirect.respond(to: test.exchange)
    #expect(try test.client("location") == [expected])
    #expect(test.exchange.response.status == 302)
  }

  @Test(arguments: Redirect.Status.allCases)
  func `each status of a redirect is its own number`(_ status: Redirect.Status) {
    #expect(String(status.code) == status.rawValue)
  }

  static let rewrites: [TemplateVector] = [
    .init("/internal{path}", "GET /a?b=1", "/internal/a?b=1"),
    .init("{path}/x", "GET /a", "/a/x"),
    .init("/t/{header.x-t}/o", "GET /o", ["X-T: acme"], "/t/acme/o"),
    .init("/t/{header.x-t}/o", "GET /o", ["X-T: a b"], "/t/a%20b/o"),
    .init("/t/{header.x-t}/o", "GET /o", ["X-T: ../admin"], nil),
    .init("/t/{header.x-t}/o", "GET /o", ["X-T: .."], nil),
    .init("/t/{header.x-t}/o", "GET /o", [], nil),
    .init("/t/{header.x-t}", "GET /o", ["X-T: %2e%2e"], "/t/%252e%252e"),
    .init("/t/{query.x}", "GET /o?x=..%2fadmin", nil),
    .init("/t/{query.x}", "GET /o?x=%2e%2e", nil),
    .init("/fixed?only=this", "GET /o?x=1", "/fixed?only=this"),
    .init("/s/", "GET /o", "/s/"),
  ]

  @Test(arguments: rewrites)
  func `a rewritten path is canonical or refused`(_ vector: TemplateVector) throws {
    let test = try TestExchange(vector.line, fields: vector.fields)
    var settings = Rewrite.Settings()
    settings.path = try Template(parsing: vector.template)
    let rewrite = Rewrite(settings, parameterNames: [])
    do throws(Failure) {
      _ = try rewrite.admit(test.exchange)
      let request = test.exchange.request
      #expect(test.text(request.target) == vector.expected)
      let query = request.query.map { "?" + test.text($0) } ?? ""
      #expect(test.text(request.path) + query == vector.expected)
    } catch {
      #expect(vector.expected == nil, "\(error.reason.token)")
      #expect(error.reason.token.description == "path_not_canonical")
      #expect(error.reason.status == 400)
      return
    }
    #expect(try test.upstreamLines()[0] == "GET \(vector.expected ?? "") HTTP/1.1")
  }

  @Test func `parameters of the route's path are found by their names`() throws {
    let test = try TestExchange("GET /v1/orders/a%26b/items/7")
    let request = test.exchange.request
    let start = Int(request.path.start)
    test.exchange.parameters.set(0, TextRange(start: start + 11, count: 5))
    test.exchange.parameters.set(1, TextRange(start: start + 23, count: 1))
    test.exchange.parameters.rest = TextRange(start: start + 17, count: 7)
    var settings = Rewrite.Settings()
    settings.path = try Template(parsing: "/{path.item}/{path.id}/{path.rest}?i={path.id}")
    let rewrite = Rewrite(settings, parameterNames: ["id", "item"])
    _ = try rewrite.admit(test.exchange)
    #expect(test.text(request.target) == "/7/a%26b/items/7?i=a%26b")
  }

  @Test func `without the route's parameters nothing is rewritten`() throws {
    let test = try TestExchange("GET /v1")
    var settings = Rewrite.Settings()
    settings.path = try Template(parsing: "/x/{path.id}")
    _ = try Rewrite(settings, parameterNames: []).admit(test.exchange)
    #expect(test.text(test.exchange.request.target) == "/v1")
  }

  @Test(arguments: [
    ("redirect to=\"www.example.com\"", "must begin with https://, http://, '/' or {path}"),
    ("redirect to=\"//evil.example\"", "must begin with https://, http://, '/' or {path}"),
    ("redirect to=\"{header.x-a}\"", "must begin with https://, http://, '/' or {path}"),
    ("redirect to=\"https://{header.x-a}/\"", "cannot take its host from {header.x-a}"),
    ("redirect to=\"https://www.{query.a}/\"", "cannot take its host from {query.a}"),
    ("redirect to=\"https://x.example{path.rest}\"", "cannot take its host from {path.rest}"),
    ("redirect to=\"/a b\"", "must be visible ASCII without blanks, quotes and backslashes"),
    ("redirect to=\"/{listener}\"", "cannot hold {listener}"),
  ])
  func `a template that could go anywhere is an error in the config`(
    statement: String, message: String
  ) {
    let problems = ExampleTests.problems(statement, isAction: true)
    #expect(problems.contains("'to' \(message)"), "\(problems)")
  }

  @Test func `a path template that is no path is an error in the config`() {
    let problems = ExampleTests.problems("rewrite path=\"x{path}\"")
    #expect(problems == ["'path' must begin with '/' or {path}"])
  }
}
