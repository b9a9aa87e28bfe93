// `auth`: which identities a route demands, and what they must be allowed. The policy that decides
// by it stands in Policies.

package enum AuthRule: String, Sendable, CaseIterable {
  /// Not called `none`, which an optional would take for its own.
  case everyone = "none"
}

/// A scope or a role that an identity must have.
package struct Requirement: Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Sendable {
    case scope, role
  }

  package let kind: Kind
  package let name: String

  package init(parsing text: String) throws(ValueProblem) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])),
      GrantName.isValid(parts[1])
    else { throw ValueProblem() }
    self.kind = kind
    name = String(parts[1])
  }

  package var description: String { "\(kind.rawValue):\(name)" }
}

/// Names of scopes and roles: RFC 6749 section 3.3, `scope-token`.
package enum GrantName {
  package static func isValid(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.count <= 128
      && text.utf8.allSatisfy { 33...126 ~= $0 && $0 != 34 && $0 != 92 }
  }
}

package struct AuthSettings: Sendable {
  package var rule: AuthRule?
  package var any: [String] = []
  package var all: [String] = []
  package var optional: [String] = []
  package var requirements: [Requirement] = []
  package var isShadow = false

  /// Every identity that is named.
  package var identities: [String] { any + all + optional }

  /// Whether nobody passes who has not proved who he is.
  var demandsIdentity: Bool { !(any.isEmpty && all.isEmpty) && !isShadow }

  /// What is wrong with the statement as a whole.
  var problems: [SettingsProblem] {
    let said = [
      ("rule", rule != nil), ("any", !any.isEmpty), ("all", !all.isEmpty),
      ("optional", !optional.isEmpty),
    ].filter(\.1).map(\.0)
    guard said.count == 1 else {
      let message = "'auth' takes exactly one of any=[...], all=[...], optional=[...] and none"
      return [SettingsProblem(said.last ?? "any", message)]
    }
    guard any.isEmpty, all.isEmpty else { return [] }
    var problems: [SettingsProblem] = []
    if !requirements.isEmpty {
      problems.append(
        SettingsProblem(
          "require", "'require' needs an identity, and here there may be none",
          help: "write any=[...] or all=[...]", code: .needsIdentity))
    }
    if isShadow, optional.isEmpty {
      problems.append(SettingsProblem("shadow", "'auth none' refuses nobody, in shadow or not"))
    }
    return problems
  }
}

extension CoreDirectives {
  package static let auth = Manual<AuthSettings>(
    directive: "auth",
    summary: "Who may pass. Every route has one: open by decision. A wrong credential is 401.",
    inheritance: .atomic(slot: "auth"),
    arguments: [.enumeration("rule", \.rule, "'none': everyone.").optional],
    defaults: AuthSettings(),
    properties: [
      .list("any", \.any, of: .reference(to: .identity), "One of these must be proved."),
      .list("all", \.all, of: .reference(to: .identity), "Each of these must be proved."),
      .list(
        "optional", \.optional, of: .reference(to: .identity),
        "One of these, or no credential at all."),
      .list(
        "require", \.requirements, of: .requirement,
        "What the first identity that is proved must have; else 403."),
      .flag("shadow", \.isShadow, "Decides and logs 'would_deny', and lets everyone pass."),
    ],
    examples: [
      Example("open by decision", config: "auth none"),
      Example("one of two credentials", config: "auth any=[staff partner]"),
      Example("a credential with a scope", config: "auth any=[staff] require=[scope:orders:write]"),
      Example("tried out before it refuses anybody", config: "auth any=[staff] shadow=on"),
    ],
    check: { $0.problems })
}

extension ValueType where Wrapped == Requirement {
  package static var requirement: ValueType {
    .described("scope:NAME or role:NAME", calls: []) { (text) throws(ValueProblem) in
      try Requirement(parsing: text)
    }
  }
}
