// What stands above every scope: `enforce`, `assert`, and the exceptions from both, which have a
// reason, an owner and an end.

package struct ExceptSettings: Sendable {
  var route = ""
  var reason = ""
  var owner = ""
  var lastDay: CalendarDate?
}

package struct WaiveSettings: Sendable {
  var subject = ""
  var routes: [String] = []
  var reason = ""
  var owner = ""
  var lastDay: CalendarDate?
}

extension CoreDirectives {
  static let enforce = Manual<NoSettings>(
    directive: "enforce",
    summary: "What no scope may weaken: checked on every pair of listener and route.",
    scopes: [.top], inheritance: .none, opens: .enforce, isRepeatable: true,
    defaults: NoSettings(), properties: [],
    examples: [
      Example(
        "bounds, and a value that is set for all",
        config: "enforce {\n  timeout total<=30s\n  cors credentials=off\n}")
    ])

  static let assert = Manual<EntitySettings>(
    directive: "assert", summary: "What must hold for every pair of listener and route.",
    scopes: [.top], inheritance: .none, defines: .assertion, opens: .assert,
    arguments: [.value("name", \.name, .name, "Its name.")],
    defaults: EntitySettings(), properties: [],
    examples: [
      Example(
        "writing is never slow, but for one route",
        config: "assert quick-writes {\n  require timeout.total<=5s where method=[POST PUT]\n"
          + "  except upload reason=\"videos, OPS-7\" owner=media until=2030-03-31\n}")
    ])

  static let require = Manual<NoSettings>(
    directive: "require",
    summary: "Terms that must all hold: words such as 'auth', properties such as 'body.max<=1MiB'.",
    scopes: [.assert], inheritance: .none, isRepeatable: true, takesTerms: true,
    defaults: NoSettings(), properties: [],
    examples: [Example("TLS 1.2 outside", config: "require tls.min>=1.2 where listener=edge")])

  static let forbid = Manual<NoSettings>(
    directive: "forbid", summary: "Terms that may not all hold.",
    scopes: [.assert], inheritance: .none, isRepeatable: true, takesTerms: true,
    defaults: NoSettings(), properties: [],
    examples: [
      Example("no cookies across origins", config: "forbid cors.credentials=on where path=/pay/**")
    ])

  static let except = Manual<ExceptSettings>(
    directive: "except", summary: "A route that the assert leaves alone, and until when.",
    scopes: [.assert], inheritance: .none, isRepeatable: true,
    arguments: [.value("route", \.route, .routeName, "The route.")],
    defaults: ExceptSettings(),
    properties: [
      .value("reason", \.reason, ValueType.text.literal, "Why.").required,
      .value("owner", \.owner, ValueType.text.literal, "Who answers for it.").required,
      .value("until", \.lastDay, .date, "The last good day, UTC.").required,
    ],
    examples: [
      Example(
        "a probe", config: "except hello reason=\"probe\" owner=sec-platform until=2030-03-31")
    ],
    check: { unanswered(reason: $0.reason, owner: $0.owner) })

  static let waive = Manual<WaiveSettings>(
    directive: "waive",
    summary: "Lets routes be weaker than an 'enforce', or silences a code of the audit.",
    scopes: [.top], inheritance: .none, isRepeatable: true,
    arguments: [
      .value(
        "subject", \.subject, .waived, "A property such as timeout.total, a directive, or A0105.")
    ],
    defaults: WaiveSettings(),
    properties: [
      .anyOf("route", \.routes, of: .routeName, "The routes.").required,
      .value("reason", \.reason, ValueType.text.literal, "Why.").required,
      .value("owner", \.owner, ValueType.text.literal, "Who answers for it.").required,
      .value("until", \.lastDay, .date, "The last good day, UTC.").required,
    ],
    examples: [
      Example(
        "a route that streams",
        config: "waive timeout.total route=chat.events reason=\"streams\" owner=chat "
          + "until=2030-03-31")
    ],
    check: { unanswered(reason: $0.reason, owner: $0.owner) })

  /// An exception that nobody explains or answers for is none.
  private static func unanswered(reason: String, owner: String) -> [SettingsProblem] {
    [("reason", reason, "says no reason"), ("owner", owner, "has no owner")].compactMap {
      name, text, lack in
      text.contains { !$0.isWhitespace } ? nil : SettingsProblem(name, "an exception \(lack)")
    }
  }
}

extension ValueType where Wrapped == String {
  /// `group.route`, or `route` at top level; whether there is one is checked with the routes.
  static var routeName: ValueType {
    ValueType(
      "the name of a route", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { throw ValueProblem() }
        for part in parts { _ = try EntityName.check(String(part)) }
        return text
      })
  }

  static var waived: ValueType {
    ValueType(
      "a property such as timeout.total, a directive, or a code such as A0105", calls: [],
      canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard !text.isEmpty, Parser.isName(Array(text.utf8)[...]) else { throw ValueProblem() }
        return text
      })
  }
}
