// The tree of routes: `defaults`, `group`, `route`, what they match, who may pass, and `to`, the
// action that forwards.

package struct MatchSettings: Sendable {
  var listeners: [String] = []
  var hosts: [HostPattern] = []
  var paths: [PathPattern] = []
  var methods: [MethodPattern] = []
  var headers: [Named<[String]>] = []
  var queries: [Named<[String]>] = []
  var cookies: [Named<[String]>] = []
}

package struct ShareSettings: Sendable {
  package var upstream = ""
  /// The share of requests; nil when the only `to` of its scope names none.
  package var share: Percent?
  package var sticky: Attribute?
}

extension CoreDirectives {
  static let defaults = Manual<NoSettings>(
    directive: "defaults",
    summary: "What holds unless a listener, group or route says otherwise.", scopes: [.top],
    inheritance: .none, opens: .defaults, isRepeatable: true,
    defaults: NoSettings(), properties: [],
    examples: [Example("open unless said", config: "defaults {\n  auth none\n}")])

  static let group = Manual<EntitySettings>(
    directive: "group", summary: "Routes that share what they match and what holds for them.",
    scopes: [.top, .group], inheritance: .none, defines: .group, opens: .group,
    arguments: [.value("name", \.name, .name, "Its name.")],
    defaults: EntitySettings(), properties: [],
    examples: [
      Example("an API", config: "group orders {\n  match path=/orders/**\n  auth none\n}")
    ])

  static let route = Manual<EntitySettings>(
    directive: "route", summary: "Requests that are answered in one way.",
    scopes: [.top, .group], inheritance: .none, defines: .route, opens: .route,
    arguments: [.value("name", \.name, .name, "Its name, unique in its group.")],
    defaults: EntitySettings(), properties: [],
    examples: [
      Example("a route", config: "route list {\n  match path=/orders\n  auth none\n  to orders\n}")
    ])

  static let match = Manual<MatchSettings>(
    directive: "match",
    summary: "What a request must be. Several lines in one scope: any of them.",
    scopes: [.group, .route], inheritance: .narrowing, isRepeatable: true,
    defaults: MatchSettings(),
    properties: [
      .anyOf("listener", \.listeners, of: .reference(to: .listener), "Where it came in."),
      .anyOf("host", \.hosts, of: .hostPattern, "Its host."),
      .anyOf("path", \.paths, of: .pathPattern, "Its path."),
      .anyOf("method", \.methods, of: .method, "Its method; GET takes HEAD."),
      .family("header", \.headers, of: ValueType.text.literal, "The value of a field."),
      .family("query", \.queries, of: ValueType.text.literal, "The value of a query parameter."),
      .family("cookie", \.cookies, of: ValueType.text.literal, "The value of a cookie."),
    ],
    examples: [
      Example("two methods under a path", config: "match method=[GET POST] path=/orders/**"),
      Example("a parameter and a field", config: "match path=/a/{id} header.x-beta=yes"),
    ])

  static let to = Manual<ShareSettings>(
    directive: "to", summary: "Forwards to an upstream, or shares requests among several.",
    scopes: [.group, .route], inheritance: .action, isRepeatable: true,
    arguments: [
      .reference("upstream", \.upstream, to: .upstream, "Where to."),
      .value("share", \.share, .percent, "Its share; all of a scope add up to 100%.").optional,
    ],
    defaults: ShareSettings(),
    properties: [
      .value(
        "sticky", \.sticky, .balanceKey,
        "Requests of one key stay on one upstream; one that has none is drawn for. When the last "
          + "share grows at the first one's cost, no key leaves it.")
    ],
    examples: [
      Example("one upstream", config: "to orders"),
      Example("a canary", config: "to orders 95%\nto orders-v2 5%"),
      Example(
        "a canary that a client stays on",
        config: "to orders 95%\nto orders-v2 5% sticky=cookie.session"),
    ])
}
