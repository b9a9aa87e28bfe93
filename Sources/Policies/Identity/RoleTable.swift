// What callers may do by their roles. Looked up once, when a credential is proved, so that rules
// and conditions see one list of scopes.

import Configuration

/// The `role` statements of a config.
package struct RoleTable: Sendable {
  private let scopes: [[UInt8]: [[UInt8]]]

  package init(_ roles: [RoleSettings]) {
    scopes = Dictionary(
      roles.map { (Array($0.name.utf8), $0.scopes.map { Array($0.utf8) }) },
      uniquingKeysWith: { first, _ in first })
  }

  /// A caller's own scopes and those of his roles, each once.
  package func scopes(_ own: [[UInt8]], of roles: [[UInt8]]) -> [[UInt8]] {
    if scopes.isEmpty { return own }
    var all = own
    for scope in roles.flatMap({ scopes[$0] ?? [] }) where !all.contains(scope) {
      all.append(scope)
    }
    return all
  }
}
