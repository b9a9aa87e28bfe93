// How `cors` is written, what of it is refused, and the lines that it compiles to.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

extension CORS {
  /// What pages of other origins need to behave well, and may not read unless they are told so.
  static let usuallyExposed: [HeaderName] = [
    "ratelimit", "ratelimit-policy", "retry-after", "x-request-id",
  ].map { name in
    do { return try HeaderName(parsing: name) } catch {
      preconditionFailure("The usual names are field names.")
    }
  }

  package static let manual = Manual(
    directive: "cors",
    summary: "Lets pages of other origins call, by the Fetch standard; answers their preflights.",
    inheritance: .record(.off),
    defaults: Settings(),
    properties: [
      .list(
        "origins", \.origins, of: .corsOrigin,
        "Whose pages: exact, or every host below a name. 'null' and '*' only without credentials."),
      .list(
        "methods", \.methods, of: .corsMethod,
        "What preflights may ask for. GET, HEAD and POST without special fields need none."),
      .list(
        "headers", \.headers, of: .headerName,
        "Fields that pages may send; '*' is every one but authorization."),
      .list(
        "expose", \.exposed, of: .headerName, "Fields of answers that pages may read."),
      .flag(
        "credentials", \.allowsCredentials, "Whether pages may send cookies and certificates."),
      .duration(
        "max-age", \.maxAge, in: .zero ... .days(1), "How long browsers may keep a preflight."),
    ],
    examples: [preflightExample, refusedExample, answerExample, patternExample],
    check: problems)

  package static let registration = Registration(.beforeIdentity, manual, off: nil) { settings, _ in
    let policy = CORS(settings)
    return PolicyParts(admission: policy, egress: policy)
  }

  private static let preflightExample = Example(
    "a preflight is answered before anyone is asked who he is",
    config: "cors origins=[https://app.example.com] methods=[GET PUT] headers=[content-type] "
      + "credentials=on max-age=1h",
    .send(
      "OPTIONS /",
      fields: [
        "Origin: https://app.example.com", "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: content-type",
      ],
      expect: .answered(
        204,
        fields: [
          "Access-Control-Allow-Origin: https://app.example.com",
          "Access-Control-Allow-Credentials: true", "Access-Control-Allow-Methods: GET, PUT",
          "Access-Control-Allow-Headers: content-type", "Access-Control-Max-Age: 3600",
          "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        ])))

  private static let refusedExample = Example(
    "a page of another origin may not even ask",
    config: "cors origins=[https://app.example.com]",
    .send(
      "OPTIONS /",
      fields: ["Origin: https://evil.example", "Access-Control-Request-Method: GET"],
      expect: .refused(403, reason: "cors_origin_refused")))

  private static let answerExample = Example(
    "an answer names the page's origin, and caches are told",
    config:
      "cors origins=[https://app.example.com]",
    .send(
      "GET /", fields: ["Origin: https://app.example.com"],
      expect: .forwarded(answer: [
        "Access-Control-Allow-Origin: https://app.example.com", "Vary: Origin",
        "Access-Control-Expose-Headers: ratelimit, ratelimit-policy, retry-after, x-request-id",
      ])),
    .send("GET /", expect: .forwarded(answer: ["Vary: Origin"])))

  private static let patternExample = Example(
    "every host below a name, and nothing that only looks like it",
    config: "cors origins=[https://*.example.com]",
    .send(
      "GET /", fields: ["Origin: https://a.b.example.com"],
      expect: .forwarded(answer: ["Access-Control-Allow-Origin: https://a.b.example.com"])),
    .send(
      "OPTIONS /",
      fields: ["Origin: https://evilexample.com", "Access-Control-Request-Method: GET"],
      expect: .refused(403, reason: "cors_origin_refused")))

  // MARK: Checks

  private static func problems(_ settings: Settings) -> [SettingsProblem] {
    var problems: [SettingsProblem] = []
    if settings.origins.isEmpty {
      problems.append(
        SettingsProblem(
          "origins", "'cors' needs 'origins=': it would allow no page",
          help: "write 'cors off' where pages of other origins have no business"))
    }
    if settings.origins.contains(.any), settings.origins.count > 1 {
      problems.append(SettingsProblem("origins", "'*' is every origin: the others say nothing"))
    }
    guard settings.allowsCredentials else { return problems }
    if settings.origins.contains(.any) {
      problems.append(
        SettingsProblem(
          "origins", "credentials for every origin would let any page act as its visitor",
          help: "list the origins", code: .credentialedWildcard))
    }
    if settings.origins.contains(.opaque) {
      problems.append(
        SettingsProblem(
          "origins", "credentials for 'null' would let any sandboxed page act as its visitor",
          code: .credentialedWildcard))
    }
    // With credentials browsers take the star for a name, so that nothing would work.
    let starred = [
      ("methods", settings.methods.contains("*")),
      ("headers", settings.headers.contains { $0.lowercased == "*" }),
      ("expose", settings.exposed.contains { $0.lowercased == "*" }),
    ]
    for (name, isStarred) in starred where isStarred {
      problems.append(
        SettingsProblem(
          name, "'\(name)' cannot be '*' with credentials: browsers take it for a name",
          code: .credentialedWildcard))
    }
    return problems
  }

  // MARK: Lines

  static func answerBlock(_ settings: Settings, isForEveryone: Bool) -> FieldBlock {
    var block = common(settings, isForEveryone: isForEveryone)
    add(.accessControlExposeHeaders, settings.exposed.map(\.lowercased), to: &block)
    return block
  }

  static func preflightBlock(_ settings: Settings, isForEveryone: Bool) -> FieldBlock {
    var block = common(settings, isForEveryone: isForEveryone)
    add(.accessControlAllowMethods, settings.methods, to: &block)
    add(.accessControlAllowHeaders, settings.headers.map(\.lowercased), to: &block)
    add(.accessControlMaxAge, ["\(settings.maxAge.milliseconds / 1000)"], to: &block)
    return block
  }

  private static func common(_ settings: Settings, isForEveryone: Bool) -> FieldBlock {
    var block = FieldBlock()
    if isForEveryone { add(.accessControlAllowOrigin, ["*"], to: &block) }
    if settings.allowsCredentials { add(.accessControlAllowCredentials, ["true"], to: &block) }
    return block
  }

  private static func add(_ field: KnownField, _ values: [String], to block: inout FieldBlock) {
    guard !values.isEmpty else { return }
    let isAdded = block.add(
      name: field.name.bytes, value: values.joined(separator: ", ").utf8Span.span)
    precondition(isAdded, "Names and methods were checked when they were read.")
  }
}
