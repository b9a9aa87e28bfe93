// Policy declarations of these tests: one of each inheritance class, so that the core is tested
// without the real policies.

@testable import Configuration

struct TestTimeouts: Sendable {
  var connect = TimeSpan.seconds(1)
  var total = TimeSpan.seconds(15)
  var name = "x"
}

struct TestCORS: Sendable {
  var origins: [Origin] = []
  var methods: [String] = ["GET", "HEAD"]
  var hasCredentials = false
}

struct TestLimit: Sendable {
  var bucket = ""
  var cost = 1
}

struct TestAccess: Sendable {
  var allowed: [CIDR] = []
  var denied: [CIDR] = []
}

struct TestResponse: Sendable {
  var status = 200
  var body = ""
}

struct TestRedirect: Sendable {
  var to: Template?
}

struct TestSecret: Sendable {
  var token: Secret?
}

struct TestIdentity: Sendable {
  var name = ""
  var kind = TestPolicies.Kind.key
  var header: HeaderName?
}

enum TestPolicies {
  enum Kind: String, Sendable, CaseIterable {
    case key, jwt
  }

  static func identity(_ kind: Kind) -> Manual<TestIdentity> {
    Manual(
      directive: "identity", variant: kind.rawValue, summary: "A test's identity.",
      scopes: [.top], inheritance: .none, defines: .identity,
      arguments: [
        .value("name", \.name, .name, "Its name."), .enumeration("kind", \.kind, "Its kind."),
      ],
      defaults: TestIdentity(),
      properties: [.value("header", \.header, .headerName, "Where it stands.")],
      examples: [Example("one", config: "identity one \(kind.rawValue)")])
  }

  static let timeout = Manual<TestTimeouts>(
    directive: "timeout", summary: "How long things may take.",
    defaults: TestTimeouts(),
    properties: [
      .duration("connect", \.connect, in: .milliseconds(1) ... .minutes(1), "To connect."),
      .duration("total", \.total, in: .milliseconds(1) ... .hours(1), "All of it."),
      .text("name", \.name, "Any text."),
    ],
    examples: [Example("short", config: "timeout connect=1s")],
    check: { settings in
      settings.connect <= settings.total
        ? [] : [SettingsProblem("connect", "'connect' is longer than 'total'")]
    })

  static let cors = Manual<TestCORS>(
    directive: "cors", summary: "Who may read answers from a page.", inheritance: .record(.off),
    defaults: TestCORS(),
    properties: [
      .list("origins", \.origins, of: .origin, "Origins."),
      .list("methods", \.methods, of: .text, "Methods."),
      .flag("credentials", \.hasCredentials, "With cookies."),
    ],
    examples: [Example("one origin", config: "cors origins=[https://app.example.com]")])

  static let limit = Manual<TestLimit>(
    directive: "limit", summary: "How often.", inheritance: .keyedSet(keyArguments: 1),
    isRepeatable: true,
    arguments: [.text("bucket", \.bucket, "The bucket.")],
    defaults: TestLimit(),
    properties: [.integer("cost", \.cost, in: 1...100, "What one request costs.")],
    examples: [Example("twice the price", config: "limit writes cost=2")])

  static let access = Manual<TestAccess>(
    directive: "access", summary: "From where.", inheritance: .conjunction, isRepeatable: true,
    defaults: TestAccess(),
    properties: [
      .list("allow", \.allowed, of: .cidr, "Networks that may."),
      .list("deny", \.denied, of: .cidr, "Networks that may not."),
    ],
    examples: [Example("inside", config: "access allow=[10.0.0.0/8]")])

  static let respond = Manual<TestResponse>(
    directive: "respond", summary: "Answers.", scopes: [.group, .route], inheritance: .action,
    arguments: [.integer("status", \.status, in: 200...599, "The status.")],
    defaults: TestResponse(),
    properties: [.text("body", \.body, "The body.")],
    examples: [Example("hello", config: "respond 200 body=hello")])

  static let redirect = Manual<TestRedirect>(
    directive: "redirect", summary: "Sends elsewhere.", scopes: [.group, .route],
    inheritance: .action,
    defaults: TestRedirect(),
    properties: [.template("to", \.to, "Where to.").required],
    examples: [Example("www", config: "redirect to=\"https://www.example.com{path}\"")])

  static let token = Manual<TestSecret>(
    directive: "token", summary: "A secret.",
    defaults: TestSecret(),
    properties: [.secret("value", \.token, "The token.")],
    examples: [Example("a file", config: "token value=secret(\"file:t\")")])

  static let all: [any DirectiveDeclaration] = [
    timeout, cors, limit, access, respond, redirect, token,
  ]

  static let schema = Schema(
    directives: CoreDirectives.all + all + [identity(.key), identity(.jwt)])
}
