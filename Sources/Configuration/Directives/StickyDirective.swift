// `sticky`: a client stays on the server that it has, by a cookie.

package struct StickySettings: Sendable {
  package var cookie = "sluice-server"
  package var maxAge: TimeSpan?
  package var path = "/"
}

extension CoreDirectives {
  static let sticky = Manual<StickySettings>(
    directive: "sticky",
    summary: "Keeps a client on the server that answered it, by a cookie that names the server by "
      + "a short hash. When that server is not fit another one is chosen, and the cookie follows.",
    scopes: [.upstream], inheritance: .none,
    defaults: StickySettings(),
    properties: [
      .value("cookie", \.cookie, .cookieName, "The cookie's name."),
      .duration(
        "max-age", \.maxAge, in: .seconds(1) ... .days(365),
        "How long a client keeps it; not said: until it ends its session."),
      .value("path", \.path, .cookiePath, "Requests below this path carry it."),
    ],
    examples: [
      Example("sessions in a server's memory", config: "sticky"),
      Example("for an hour, under a name of one's own", config: "sticky cookie=shop max-age=1h"),
    ])
}

extension ValueType where Wrapped == String {
  /// The name of a cookie: a token, RFC 6265 section 4.1.1.
  static var cookieName: ValueType {
    ValueType(
      "the name of a cookie", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(isToken) else {
          throw ValueProblem()
        }
        return text
      })
  }

  /// A cookie's path: RFC 6265 section 4.1.1, without what would end it.
  static var cookiePath: ValueType {
    ValueType(
      "a path such as /shop", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard text.hasPrefix("/"), text.utf8.count <= 256,
          text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ";") })
        else { throw ValueProblem() }
        return text
      })
  }
}
