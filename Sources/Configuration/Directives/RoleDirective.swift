// `role`: what callers of a role may do. Which roles a caller has, his identity says.

package struct RoleSettings: Sendable, Hashable {
  package var name = ""
  package var scopes: [String] = []

  package init(name: String = "", scopes: [String] = []) {
    self.name = name
    self.scopes = scopes
  }
}

extension CoreDirectives {
  static let role = Manual<RoleSettings>(
    directive: "role",
    summary: "Gives every caller of a role these scopes. With one, other roles are mistakes.",
    scopes: [.top], inheritance: .none, defines: .role,
    arguments: [
      .value("name", \.name, .grantName, "The role, as identities name it."),
      .list("scopes", \.scopes, of: .grantName, "The scopes of its callers, besides their own."),
    ],
    defaults: RoleSettings(), properties: [],
    examples: [
      Example("editors read and write", config: "role editor [orders:read orders:write]")
    ])
}

extension ValueType where Wrapped == String {
  /// A scope or role: RFC 6749 section 3.3, `scope-token`.
  static var grantName: ValueType {
    ValueType(
      "a name such as orders:read", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard GrantName.isValid(text) else { throw ValueProblem() }
        return text
      })
  }
}

extension Compiler {
  /// Where roles are listed, one that is not on the list is a slip that would refuse everyone.
  mutating func checkRoles(_ statements: [CheckedStatement]) {
    let known = names.names(.role)
    guard !known.isEmpty else { return }
    for (auth, statement) in statements.all(CoreDirectives.auth) {
      for requirement in auth.requirements
      where requirement.kind == .role && !known.contains(requirement.name) {
        let meant = Suggestion.nearest(to: requirement.name, among: known)
        report(
          .unknownReference, "there is no role '\(requirement.name)'",
          at: statement.location(of: "require"), hint: meant.map { "did you mean '\($0)'?" })
      }
    }
    for statement in statements { checkRoles(statement.block) }
  }
}
