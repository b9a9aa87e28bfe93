// Where a Redis is: `redis://user@host:6379/0`, or `rediss://` for TLS. The password is a secret
// and never part of it.

/// A Redis server, with the user to sign in as and the database to select.
package struct RedisURL: Sendable, Hashable, CustomStringConvertible {
  package let isSecure: Bool
  package let user: String?
  package let endpoint: Endpoint
  package let database: Int
  package let description: String

  package init(parsing text: String) throws(ValueProblem) {
    guard let separator = text.range(of: "://") else { throw ValueProblem() }
    switch text[..<separator.lowerBound] {
    case "redis": isSecure = false
    case "rediss": isSecure = true
    default: throw ValueProblem("takes redis:// or rediss://")
    }
    var rest = text[separator.upperBound...]
    if let at = rest.lastIndex(of: "@") {
      let name = String(rest[..<at])
      guard !name.contains(":") else { throw ValueProblem("must not carry a password") }
      guard !name.isEmpty, name.utf8.allSatisfy({ 33...126 ~= $0 }) else { throw ValueProblem() }
      user = name
      rest = rest[rest.index(after: at)...]
    } else {
      user = nil
    }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let number = rest[slash...].dropFirst()
    if number.isEmpty {
      database = 0
    } else {
      guard String(number).isDigits, let index = Int(number), index < 1024 else {
        throw ValueProblem("must end in the number of a database")
      }
      database = index
    }
    let authority = String(rest[..<slash])
    let afterBracket = authority.lastIndex(of: "]").map { authority[$0...] } ?? authority[...]
    endpoint = try Endpoint(
      parsing: afterBracket.contains(":") ? authority : authority + ":6379")
    guard case .unix = endpoint else {
      description = text
      return
    }
    throw ValueProblem()
  }
}
