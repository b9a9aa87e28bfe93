// What can be known of a request, by the one spelling that expressions, keys, matches and templates
// share.

/// An attribute of a request, such as `client.ip` or `header.x-tenant`.
package enum Attribute: Sendable, Hashable, CustomStringConvertible {
  case clientIP, listener, route, host, method, path
  /// What `**` took, without a leading `/`.
  case pathRest
  /// A `{name}` of the route's path pattern.
  case pathParameter(String)
  case header(String)
  case query(String)
  case cookie(String)

  private static let plain: [String: Attribute] = [
    "client.ip": .clientIP, "listener": .listener, "route": .route, "host": .host,
    "method": .method, "path": .path, "path.rest": .pathRest,
  ]

  /// Attributes without a part that the config's author chooses.
  static let plainNames = plain.keys.sorted()

  package init(parsing text: String) throws(ValueProblem) {
    if let found = Attribute.plain[text] {
      self = found
      return
    }
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty else { throw Attribute.unknown(text) }
    let name = String(parts[1])
    switch parts[0] {
    case "path" where Attribute.isParameterName(name): self = .pathParameter(name)
    case "header": self = .header(try HeaderName(parsing: name).lowercased)
    case "query": self = .query(name)
    case "cookie": self = .cookie(name)
    case "identity", "tls": throw ValueProblem("takes '\(parts[0]).*' in a later version")
    default: throw Attribute.unknown(text)
    }
  }

  private static func unknown(_ text: String) -> ValueProblem {
    let meant = Suggestion.nearest(to: text, among: plain.keys.sorted())
    return ValueProblem(hint: meant.map { "did you mean '\($0)'?" })
  }

  private static func isParameterName(_ name: String) -> Bool {
    name.utf8.allSatisfy { 97...122 ~= $0 || 48...57 ~= $0 || $0 == 45 || $0 == 95 }
  }

  package var description: String {
    switch self {
    case .clientIP: "client.ip"
    case .listener: "listener"
    case .route: "route"
    case .host: "host"
    case .method: "method"
    case .path: "path"
    case .pathRest: "path.rest"
    case .pathParameter(let name): "path.\(name)"
    case .header(let name): "header.\(name)"
    case .query(let name): "query.\(name)"
    case .cookie(let name): "cookie.\(name)"
    }
  }
}
