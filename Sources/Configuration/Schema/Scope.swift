// The blocks of routes.conf, and which of them a directive may stand in.

/// A block of the language. Statements inherit from `defaults` through listener and groups to the
/// route.
package enum Scope: String, Sendable, Hashable, CaseIterable {
  case top, defaults, listener, group, route, upstream, admin, enforce, assert

  /// The scopes a policy may be stated in, from the outermost in.
  package static let policy: [Scope] = [.defaults, .listener, .group, .route]

  /// The block as messages name it.
  package var phrase: String {
    switch self {
    case .top: "at top level"
    case .admin, .defaults, .enforce: "in '\(rawValue)'"
    default: "in a \(rawValue)".replacingArticle
    }
  }
}

extension String {
  /// "a upstream" read aloud is "an upstream".
  fileprivate var replacingArticle: String {
    hasPrefix("in a u") || hasPrefix("in a a") ? "in an " + dropFirst(5) : self
  }
}

/// A kind of thing that has a name: an upstream, a certificate. Names are unique per kind.
package struct EntityKind: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  package static let listener = EntityKind("listener")
  package static let upstream = EntityKind("upstream")
  package static let certificate = EntityKind("certificate")
  package static let assertion = EntityKind("assert")
  package static let redis = EntityKind("redis")
  package static let identity = EntityKind("identity")
  package static let role = EntityKind("role")
  package static let bucket = EntityKind("bucket")
  package static let group = EntityKind("group")
  package static let route = EntityKind("route")
}
