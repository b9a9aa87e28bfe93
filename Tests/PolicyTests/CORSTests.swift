// The CORS protocol of the Fetch standard: what a browser would make of each answer must be what
// the config says. The browser here is the standard's algorithm, written from its text.

import Configuration
import PolicyChain
import Testing

@testable import Policies

/// A page's call, and whether the page may have it.
struct CORSCase: Sendable, CustomTestStringConvertible {
  let config: String
  let call: PageCall
  let may: Bool

  init(_ config: String, _ call: PageCall, _ may: Bool) {
    self.config = config
    self.call = call
    self.may = may
  }

  var testDescription: String { "\(config) ← \(call)" }
}

/// Sends what a browser would send to a chain, and judges the answers as a browser does.
struct CORSBench {
  let chain: PolicyChain
  let upstreamFields: [String]

  init(_ config: String, upstreamFields: [String] = []) throws {
    let example = ExampleCase(
      directive: "", isAction: false, example: Example("", config: config))
    let result = ExampleTests.load(example.config)
    let configuration = try #require(
      result.configuration, "\(result.diagnostics.map(\.message))")
    self.upstreamFields = upstreamFields
    chain = try ExampleTests.chain(configuration, Relay(upstreamFields))
  }

  func answer(_ line: String, _ fields: [String]) async throws -> BrowserAnswer {
    let test = try TestExchange(line, fields: fields)
    await test.run(chain)
    return BrowserAnswer(
      status: Int(test.exchange.response.status), lines: try test.clientLines(),
      body: test.bodyText)
  }

  /// Whether the page gets to read the answer.
  func letsThrough(_ call: PageCall) async throws -> Bool {
    if call.needsPreflight {
      let answer = try await answer("OPTIONS /", call.preflightFields)
      guard call.passes(preflight: answer) else { return false }
    }
    return call.passes(check: try await answer("\(call.method) /", call.fields))
  }
}

/// An upstream that answers with fields of its own.
private final class Relay: Destination {
  private let fields: [String]

  init(_ fields: [String]) { self.fields = fields }

  func respond(to exchange: Exchange) async throws(Failure) {
    try await FakeUpstream(nil, fields: fields).respond(to: exchange)
  }
}

@Suite struct CORSTests {
  private static let app = "https://app.example.com"
  private static let plain = "cors origins=[https://app.example.com]"
  private static let wide =
    "cors origins=[https://app.example.com https://b.example.com:8443] "
    + "methods=[GET PUT PATCH] headers=[content-type x-a] credentials=on"
  private static let below = "cors origins=[https://*.example.com http://*.test.example:8080]"
  private static let every = "cors origins=[*] methods=[*] headers=[*]"
  private static let null = "cors origins=[null https://app.example.com]"
  private static let native = "cors origins=[capacitor://localhost]"

  /// Origins, with nothing else to decide.
  static let origins: [CORSCase] = [
    (plain, "https://app.example.com", true),
    (plain, "http://app.example.com", false), (plain, "https://app.example.com:443", false),
    (plain, "https://app.example.com:8443", false), (plain, "https://APP.example.com", false),
    (plain, "HTTPS://app.example.com", false), (plain, "https://app.example.com/", false),
    (plain, "https://app.example.com.", false), (plain, "https://app.example.com.evil.test", false),
    (plain, "https://evilapp.example.com", false), (plain, "https://example.com", false),
    (plain, "https://a.app.example.com", false), (plain, "null", false), (plain, "NULL", false),
    (plain, "https://app.example.co", false), (plain, "https://app-example.com", false),
    (plain, "https://app.example.com, https://app.example.com", false),
    (plain, "https://app.example.com https://evil.test", false),
    (plain, "https://user@app.example.com", false), (plain, "app.example.com", false),
    (plain, "", false), (plain, "*", false), (plain, "file://", false),
    (wide, "https://b.example.com:8443", true), (wide, "https://b.example.com", false),
    (wide, "https://b.example.com:08443", false), (wide, "https://b.example.com:84430", false),
    (below, "https://a.example.com", true), (below, "https://a.b.c.example.com", true),
    (below, "https://xn--bcher-kva.example.com", true), (below, "https://a_b.example.com", true),
    (below, "https://example.com", false), (below, "https://.example.com", false),
    (below, "https://a..example.com", false), (below, "https://evilexample.com", false),
    (below, "https://a.example.com:8443", false), (below, "http://a.example.com", false),
    (below, "https://a.example.com.evil.test", false), (below, "https://A.example.com", false),
    (below, "https://evil.test/.example.com", false),
    (below, "https://evil.test?.example.com", false),
    (below, "https://evil.test#.example.com", false), (below, "https://u@a.example.com", false),
    (below, "https://evil.test\\.example.com", false), (below, "https://a:1.example.com", false),
    (below, "https://a .example.com", false), (below, "https://%61.example.com", false),
    (below, "http://a.test.example:8080", true), (below, "http://a.test.example", false),
    (below, "https://a.test.example:8080", false), (below, "null", false),
    (every, "https://anything.test", true), (every, "null", true), (every, "http://a:1", true),
    (null, "null", true), (null, "https://app.example.com", true), (null, "https://null", false),
    (native, "capacitor://localhost", true), (native, "http://localhost", false),
    (native, "capacitor://localhost.evil", false), (native, "Capacitor://localhost", false),
  ].map { CORSCase($0.0, PageCall(origin: $0.1), $0.2) }

  /// Methods, fields and credentials of a page that is listed.
  static let calls: [CORSCase] = [
    // Simple requests need no leave but that of the answer.
    CORSCase(plain, PageCall(origin: app, method: "HEAD"), true),
    CORSCase(plain, PageCall(origin: app, method: "POST"), true),
    CORSCase(plain, PageCall(origin: app, method: "PUT"), false),
    CORSCase(plain, PageCall(origin: app, method: "DELETE"), false),
    CORSCase(wide, PageCall(origin: app, method: "PUT"), true),
    CORSCase(wide, PageCall(origin: app, method: "PATCH"), true),
    CORSCase(wide, PageCall(origin: app, method: "patch"), false),
    CORSCase(wide, PageCall(origin: app, method: "DELETE"), false),
    CORSCase(wide, PageCall(origin: app, method: "POST"), true),
    CORSCase(wide, PageCall(origin: app, method: "HEAD", names: ["x-a"]), true),
    CORSCase(every, PageCall(origin: app, method: "DELETE"), true),
    CORSCase(every, PageCall(origin: app, method: "BREW"), true),
    // Fields.
    CORSCase(wide, PageCall(origin: app, names: ["content-type"]), true),
    CORSCase(wide, PageCall(origin: app, names: ["content-type", "x-a"]), true),
    CORSCase(wide, PageCall(origin: app, names: ["x-b"]), false),
    CORSCase(wide, PageCall(origin: app, names: ["x-a", "x-b"]), false),
    CORSCase(wide, PageCall(origin: app, names: ["authorization"]), false),
    CORSCase(wide, PageCall(origin: app, method: "PUT", names: ["x-a"]), true),
    CORSCase(plain, PageCall(origin: app, names: ["x-a"]), false),
    CORSCase(every, PageCall(origin: app, names: ["x-anything"]), true),
    CORSCase(every, PageCall(origin: app, names: ["authorization"]), false),
    CORSCase(
      "cors origins=[*] headers=[* authorization]",
      PageCall(origin: app, names: ["authorization", "x-a"]), true),
    // Credentials.
    CORSCase(wide, PageCall(origin: app, isCredentialed: true), true),
    CORSCase(wide, PageCall(origin: app, method: "PUT", isCredentialed: true), true),
    CORSCase(wide, PageCall(origin: app, names: ["x-a"], isCredentialed: true), true),
    CORSCase(plain, PageCall(origin: app, isCredentialed: true), false),
    CORSCase(every, PageCall(origin: app, isCredentialed: true), false),
    CORSCase(every, PageCall(origin: app, names: ["x-a"], isCredentialed: true), false),
    CORSCase(null, PageCall(origin: "null", isCredentialed: true), false),
    CORSCase(below, PageCall(origin: "https://a.example.com", isCredentialed: true), false),
    CORSCase(
      below + " credentials=on", PageCall(origin: "https://a.example.com", isCredentialed: true),
      true),
    CORSCase(wide, PageCall(origin: "https://evil.test", isCredentialed: true), false),
    CORSCase(wide, PageCall(origin: "https://evil.test", method: "PUT"), false),
  ]

  @Test func `the tables have at least eighty cases`() {
    #expect(Self.origins.count + Self.calls.count >= 80)
  }

  @Test(arguments: origins + calls)
  func `a page may what the config says, as a browser reads the answers`(
    _ corsCase: CORSCase
  ) async throws {
    let bench = try CORSBench(corsCase.config)
    #expect(try await bench.letsThrough(corsCase.call) == corsCase.may)
  }

  @Test(arguments: origins.filter { $0.may && $0.config != every })
  func `a listed origin is answered as it was sent, and no other is named`(
    _ corsCase: CORSCase
  ) async throws {
    let answer = try await CORSBench(corsCase.config).answer("GET /", corsCase.call.fields)
    #expect(answer.values("access-control-allow-origin") == [corsCase.call.origin])
  }

  @Test(arguments: origins.filter { !$0.may })
  func `an origin that is not listed gets no field of the protocol`(
    _ corsCase: CORSCase
  ) async throws {
    let bench = try CORSBench(corsCase.config)
    for line in ["GET /", "OPTIONS /"] {
      let fields = line == "GET /" ? corsCase.call.fields : corsCase.call.preflightFields
      let answer = try await bench.answer(line, fields)
      #expect(answer.names { $0.hasPrefix("access-control-") }.isEmpty, "\(answer.lines)")
    }
  }

  @Test(arguments: [
    (plain, [], ["Origin"]), (plain, ["Vary: Accept-Encoding"], ["Accept-Encoding", "Origin"]),
    (plain, ["Vary: accept, ORIGIN"], ["accept, ORIGIN"]), (plain, ["Vary: *"], ["*"]),
    (plain, ["Vary: X-Origin"], ["X-Origin", "Origin"]),
    (plain, ["Vary: a", "Vary: b ,origin"], ["a", "b ,origin"]),
    (every, [], []), (every, ["Vary: Accept"], ["Accept"]),
  ])
  func `caches are told where the answer depends on the page, beside what the upstream says`(
    config: String, upstream: [String], vary: [String]
  ) async throws {
    let bench = try CORSBench(config, upstreamFields: upstream)
    for fields in [[], ["Origin: \(Self.app)"], ["Origin: https://evil.test"]] {
      let answer = try await bench.answer("GET /", fields)
      #expect(answer.values("vary") == vary, "\(fields)")
    }
  }

  @Test func `the upstream's own fields are replaced, also where the page is refused`() async throws
  {
    let theirs = [
      "Access-Control-Allow-Origin: *", "Access-Control-Allow-Origin: https://evil.test",
      "Access-Control-Allow-Credentials: true", "Access-Control-Expose-Headers: set-cookie",
      "Access-Control-Allow-Methods: DELETE", "Access-Control-Allow-Headers: x",
      "Access-Control-Max-Age: 86400",
    ]
    let bench = try CORSBench(Self.plain, upstreamFields: theirs)
    let refused = try await bench.answer("GET /", ["Origin: https://evil.test"])
    #expect(refused.names { $0.hasPrefix("access-control-") }.isEmpty)
    let taken = try await bench.answer("GET /", ["Origin: \(Self.app)"])
    #expect(taken.values("access-control-allow-origin") == [Self.app])
    #expect(taken.values("access-control-allow-credentials").isEmpty)
    #expect(
      taken.values("access-control-expose-headers") == [
        "ratelimit, ratelimit-policy, retry-after, x-request-id"
      ])
    #expect(taken.names { $0.hasPrefix("access-control-") }.count == 2)
  }

  @Test(arguments: [
    (["Access-Control-Request-Method: "], 400, "bad_preflight"),
    (["Access-Control-Request-Method: G T"], 400, "bad_preflight"),
    (
      ["Access-Control-Request-Method: GET", "Access-Control-Request-Method: PUT"], 400,
      "bad_preflight"
    ),
    (
      ["Access-Control-Request-Method: GET", "Access-Control-Request-Headers: x a"], 400,
      "bad_preflight"
    ),
    (["Access-Control-Request-Method: get"], 403, "cors_method_refused"),
    (
      ["Access-Control-Request-Method: GET", "Access-Control-Request-Headers: x-b"], 403,
      "cors_header_refused"
    ),
  ])
  func `a preflight is refused with a reason that the log has too`(
    fields: [String], status: Int, reason: String
  ) async throws {
    let answer = try await CORSBench(Self.wide).answer(
      "OPTIONS /", ["Origin: \(Self.app)"] + fields)
    #expect(answer.status == status)
    #expect(answer.body.contains("\"reason\":\"\(reason)\""))
    // The page may read why.
    #expect(answer.values("access-control-allow-origin") == [Self.app])
  }

  @Test(arguments: [(1023, 204), (1024, 204), (1025, 400)])
  func `requested fields are read up to a kibibyte over all lines`(bytes: Int, status: Int)
    async throws
  {
    let name = "x-a,"
    let list = String(repeating: name, count: 255)
    let rest = String(repeating: ",", count: bytes - list.utf8.count)
    let answer = try await CORSBench(Self.wide).answer(
      "OPTIONS /",
      [
        "Origin: \(Self.app)", "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: \(list)", "Access-Control-Request-Headers: \(rest)",
      ])
    #expect(answer.status == status)
  }

  @Test(arguments: [
    ("cors origins=[*] credentials=on", "credentials for every origin"),
    ("cors origins=[null] credentials=on", "credentials for 'null'"),
    ("cors origins=[https://a.example.com] methods=[*] credentials=on", "'methods' cannot be '*'"),
    ("cors origins=[https://a.example.com] headers=[*] credentials=on", "'headers' cannot be '*'"),
    ("cors origins=[https://a.example.com] expose=[*] credentials=on", "'expose' cannot be '*'"),
    ("cors methods=[GET]", "'cors' needs 'origins='"), ("cors origins=[]", "needs 'origins='"),
    ("cors origins=[* https://a.example.com]", "'*' is every origin"),
    ("cors origins=[https://*example.com]", "whole first label"),
    ("cors origins=[https://a.*.example.com]", "whole first label"),
    ("cors origins=[https://example.*]", "whole first label"),
    ("cors origins=[https://*]", "whole first label"),
    ("cors origins=[*.example.com]", "takes an origin"),
    ("cors origins=[https://*.com]", "two labels"),
    ("cors origins=[https://*.10.0.0.1]", "must name hosts"),
    ("cors origins=[app.example.com]", "takes an origin"),
    ("cors origins=[https://App.example.com]", "as browsers write it"),
    ("cors origins=[https://app.example.com:443]", "as browsers write it"),
    ("cors origins=[http://app.example.com:80]", "as browsers write it"),
    ("cors origins=[https://app.example.com:08443]", "as browsers write it"),
    ("cors origins=[https://app.example.com/]", "must not have a path"),
    ("cors origins=[\"https://[2001:DB8::1]\"]", "as browsers write it"),
    ("cors origins=[env(\"X\")]", "does not take env"),
    ("cors origins=[https://a.example.com] methods=[get]", "write GET"),
    ("cors origins=[https://a.example.com] headers=[X-A]", "x-a"),
    ("cors origins=[https://a.example.com] max-age=2d", "must be from"),
  ])
  func `what would show answers to more pages than was meant is an error`(
    config: String, message: String
  ) {
    let example = ExampleCase(directive: "", isAction: false, example: Example("", config: config))
    let found = ExampleTests.load(example.config).diagnostics
    #expect(
      found.contains { ($0.message + ($0.hint ?? "")).contains(message) && $0.severity == .error },
      "\(found.map(\.message))")
  }

  @Test(arguments: [
    "https://[2001:db8::1]:3000", "http://localhost:3000", "https://xn--bcher-kva.example",
  ])
  func `an origin as browsers write it is taken`(origin: String) {
    #expect(ExampleTests.problems("cors origins=[\"\(origin)\"]").isEmpty)
  }
}
