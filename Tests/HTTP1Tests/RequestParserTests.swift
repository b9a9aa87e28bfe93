// What requests mean, and that it does not depend on how they arrive.

import Bytes
import HTTPMessage
import Testing

@testable import HTTP1

@Suite struct RequestParserTests {
  private func parse(_ text: String, _ rules: RequestRules = RequestRules()) throws
    -> RequestSnapshot
  {
    try #require(try parseRequest(text.wire, rules: rules).get())
  }

  @Test func `a plain request fills every property`() throws {
    let request = try parse(
      "GET /api/users/7?full=1&x HTTP/1.1\r\nHost: api.example.com:8443\r\nAccept: */*\r\n"
        + "X-Empty:\r\nX-Blank: \t a b \t\r\n\r\nNEXT")
    #expect(request.method == "GET")
    #expect(request.target == "/api/users/7?full=1&x")
    #expect(request.path == "/api/users/7")
    #expect(request.query == "full=1&x")
    #expect(request.authority == "api.example.com:8443")
    #expect(request.host == "api.example.com")
    #expect(request.version == .http11)
    #expect(request.framing == .none)
    #expect(request.keepsAlive)
    #expect(
      request.fields == [
        "Host: api.example.com:8443", "Accept: */*", "X-Empty: ", "X-Blank: a b",
      ])
    #expect(request.rest == "NEXT")
  }

  @Test(arguments: allRefusals)
  func `a request that breaks a rule is refused by that rule`(_ vector: RefusalVector) {
    #expect(parseRequest(vector.request.wire) == .failure(vector.error))
  }

  @Test(arguments: allRefusals)
  func `a refusal does not depend on how the request is cut`(_ vector: RefusalVector) {
    let bytes = vector.request.wire
    #expect(parseRequest(bytes, cuts: .everyByte) == .failure(vector.error))
    #expect(parseRequest(bytes, cuts: .everyByteMoved) == .failure(vector.error))
    for cut in 1..<min(bytes.count, 300) {
      #expect(parseRequest(bytes, cuts: .at(cut)) == .failure(vector.error))
    }
  }

  static let valid = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /a/b;q?x HTTP/1.1\r\n".replacingSemicolon + "Host: a\r\nContent-Length: 3\r\n\r\nabc",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nX: \u{80}\u{FF}\t\r\n\r\n",
    "GET http://A.example:80/x?y HTTP/1.1\r\nhost: a.example:80\r\nX_Y: 1\r\nX-Y: 2\r\n\r\n",
    "PUT /%7euser/%c3%a9 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nExpect: "
      + "100-Continue\r\nConnection: close, x-y , ,TE\r\nX-Y: 1\r\nTE: trailers\r\nx-y:2\r\n\r\n0",
    "GET http://a?b HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
  ]

  @Test(arguments: valid)
  func `a request is the same wherever it is cut`(_ text: String) throws {
    let bytes = text.wire
    var whole = try #require(try parseRequest(bytes).get())
    let body = whole.rest
    whole.rest = ""
    for cut in 1..<bytes.count {
      var request = try #require(try parseRequest(bytes, cuts: .at(cut)).get())
      // What was read behind the head depends on the cut.
      #expect(body.hasPrefix(request.rest))
      request.rest = ""
      #expect(request == whole, "cut at \(cut)")
    }
    for cuts in [Cuts.everyByte, .everyByteMoved] {
      #expect(try parseRequest(bytes, cuts: cuts).get() == whole)
    }
  }

  @Test(arguments: valid)
  func `every proper prefix of a head needs more`(_ text: String) throws {
    let head = text.wire.count - (try #require(try parseRequest(text.wire).get())).rest.utf8.count
    for count in 0..<head {
      #expect(try parseRequest(Array(text.wire[..<count])).get() == nil)
    }
  }

  @Test func `absolute form becomes origin form, and its authority is the request's`() throws {
    let request = try parse("GET http://A.b:81/x/y?z HTTP/1.1\r\nHost: a.B:81\r\n\r\n")
    #expect(request.target == "/x/y?z")
    #expect(request.path == "/x/y")
    #expect(request.query == "z")
    #expect(request.authority == "A.b:81")
    #expect(request.host == "A.b")
  }

  @Test(arguments: [
    ("GET HTTPS://a HTTP/1.1", "/", nil), ("GET http://a?b?c HTTP/1.1", "/", "b?c"),
    ("OPTIONS http://a HTTP/1.1", "*", nil), ("OPTIONS * HTTP/1.1", "*", nil),
    ("OPTIONS http://a?b HTTP/1.1", "/", "b"), ("GET /? HTTP/1.1", "/", ""),
    ("GET /?/?[]{}|^`\\%2F HTTP/1.1", "/", "/?[]{}|^`\\%2F"),
  ])
  func `each form of target has its path and query`(line: String, path: String, query: String?)
    throws
  {
    let request = try parse("\(line)\r\nHost: a\r\n\r\n")
    #expect(request.path == path)
    #expect(request.query == query)
    #expect(request.target == path + (query.map { "?" + $0 } ?? ""))
  }

  @Test(arguments: [
    "a", "a.b", "A-1_x.b", "127.0.0.1", "[::]", "[::1]", "[1:2:3:4:5:6:7:8]", "[1::8]",
    "[1:2:3:4:5:6:7::]", "[::ffff:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", "a.b.",
    String(repeating: "a", count: 63),
  ])
  func `a good host is taken with and without a port`(_ host: String) throws {
    for port in ["", ":1", ":65535"] {
      let request = try parse("GET / HTTP/1.1\r\nHost: \(host)\(port)\r\n\r\n")
      #expect(request.host == host)
      #expect(request.authority == host + port)
    }
  }

  @Test(arguments: [
    ("1.1", "", true), ("1.1", "close", false), ("1.1", "x, CLOSE", false),
    ("1.1", "keep-alive", true), ("1.0", "", false), ("1.0", "keep-alive", true),
    ("1.0", "keep-alive, close", false),
  ])
  func `a connection persists as its version and options say`(
    version: String, options: String, persists: Bool
  ) throws {
    let line = options.isEmpty ? "" : "Connection: \(options)\r\n"
    #expect(
      try parse("GET / HTTP/\(version)\r\nHost: a\r\n\(line)\r\n").keepsAlive == persists)
  }

  @Test func `fields that Connection names are dropped, before and behind it`() throws {
    let request = try parse(
      "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nConnection: x-a\r\nConnection: X-B, Keep-Alive\r\n"
        + "X-C: 3\r\nX-B: 2\r\nx-a: 4\r\n\r\n")
    #expect(
      request.fields == [
        "Host: a", "Connection: x-a", "Connection: X-B, Keep-Alive", "X-C: 3",
      ])
  }

  @Test func `underscores and dots in names are dropped, refused or kept`() throws {
    let text = "GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 1\r\nA.b: 2\r\nA: 3\r\n\r\n"
    let dropped = try parse(text)
    #expect(dropped.fields == ["Host: a", "A: 3"])
    #expect(dropped.dropped == 2)
    var rules = RequestRules()
    rules.underscores = .keep
    #expect(try parse(text, rules).fields.count == 4)
    rules.underscores = .refuse
    #expect(parseRequest(text.wire, rules: rules) == .failure(.ambiguousFieldName))
  }

  @Test func `an alias of a framing field is not the framing field`() throws {
    let request = try parse("GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n")
    #expect(request.framing == .none)
    #expect(request.fields == ["Host: a"])
  }

  @Test(arguments: [
    ("Content-Length: 0", BodyFraming.none), ("Content-Length: 007", .length(7)),
    ("content-length:9223372036854775807 ", .length(UInt64(Int64.max))),
    ("Transfer-Encoding: \tCHUNKED ", .chunked), ("X: y", .none),
  ])
  func `framing follows its fields`(line: String, framing: BodyFraming) throws {
    #expect(try parse("POST / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n").framing == framing)
  }

  @Test(arguments: [
    ("1.1", "Content-Length: 1", true), ("1.1", "Transfer-Encoding: chunked", true),
    ("1.1", "Content-Length: 0", false), ("1.0", "Content-Length: 1", false),
  ])
  func `100-continue is expected for a body, and not by HTTP/1.0`(
    version: String, line: String, expects: Bool
  ) throws {
    let text = "POST / HTTP/\(version)\r\nHost: a\r\nExpect: 100-CONTINUE\r\n\(line)\r\n\r\n"
    #expect(try parse(text).expectsContinue == expects)
  }

  @Test func `HTTP/1.0 needs no Host`() throws {
    let request = try parse("GET / HTTP/1.0\r\n\r\n")
    #expect(request.version == .http10)
    #expect(request.host == "")
  }

  @Test func `the path is rewritten into one spelling, and the query stays`() throws {
    #expect(try parse("GET /%7Ea?%7e HTTP/1.1\r\nHost: a\r\n\r\n").target == "/~a?%7e")
    var rules = RequestRules()
    rules.path.normalizesDots = true
    rules.path.normalizesSlashes = true
    let request = try parse("GET /a//./b/%2e%2E/c?../ HTTP/1.1\r\nHost: a\r\n\r\n", rules)
    #expect(request.target == "/a/c?../")
    #expect(request.path == "/a/c")
    #expect(request.query == "../")
  }

  @Test func `requests follow each other in one buffer, and each is attached to it`() throws {
    let buffer = Buffer(capacity: 256)
    _ = buffer.append("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n")
    var parser = RequestParser(limits: .request, rules: RequestRules())
    for (path, host) in [("/1", "a"), ("/2", "b")] {
      let request = Request(fields: FieldSection(addedBytesMax: 16))
      #expect(try parser.parse(buffer, into: request) == .done)
      #expect(request.text(request.path).text == path)
      #expect(request.text(request.host).text == host)
      #expect(request.reset() === buffer)
    }
    #expect(buffer.isEmpty)
  }

  @Test func `a parser that failed fails at once ever after`() throws {
    let buffer = Buffer(capacity: 256)
    _ = buffer.append("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n")
    var parser = RequestParser(limits: .request, rules: RequestRules())
    let request = Request(fields: FieldSection(addedBytesMax: 16))
    for _ in 0..<3 {
      #expect(throws: HTTP1Error.missingHost) { try parser.parse(buffer, into: request) }
    }
    #expect(request.reset() == nil)
  }
}

extension String {
  fileprivate var replacingSemicolon: String { String(map { $0 == ";" ? "+" : $0 }) }
}
