// `role`: what callers may do by their roles.

import Configuration
import Testing

@testable import Policies

@Suite struct RoleTests {
  @Test func `a caller has his own scopes and those of his roles, each once`() {
    let table = RoleTable([
      RoleSettings(name: "editor", scopes: ["orders:read", "orders:write"]),
      RoleSettings(name: "viewer", scopes: ["orders:read"]),
    ])
    func scopes(_ own: [String], _ roles: [String]) -> [String] {
      table.scopes(own.map { Array($0.utf8) }, of: roles.map { Array($0.utf8) })
        .map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(scopes([], []) == [])
    #expect(scopes(["a"], ["nobody"]) == ["a"])
    #expect(scopes(["a"], ["viewer"]) == ["a", "orders:read"])
    #expect(scopes(["orders:write"], ["viewer", "editor"]) == ["orders:write", "orders:read"])
  }

  @Test(arguments: [
    ("role editor [orders:read]", "role:editor", ""),
    ("role editor [orders:read]", "role:editr", "E0121"),
    ("role editor [orders:read]", "scope:anything", ""),
    // Without a list of roles, identities may have any.
    ("", "role:editr", ""),
    ("role editor", "role:editor", "E0113"), ("role editor orders:read", "role:editor", "E0111"),
    ("role editor [\"a b\"]", "role:editor", "E0111"),
    ("role editor [a a]", "role:editor", "E0127"),
    ("role editor [a]\nrole editor [b]", "role:editor", "E0120"),
  ])
  func `a role that is not on the list is an error`(
    roles: String, requirement: String, code: String
  ) {
    let text = """
      sluice 1
      \(roles)
      identity a key keys="k"
      listener edge {
        bind 127.0.0.1:8080
      }
      group g {
        auth any=[a] require=[\(requirement)]
        route r {
          match path=/
          respond 204
        }
      }

      """
    let result = ExampleTests.load(text)
    let codes = result.diagnostics.filter { $0.severity == .error }.map(\.code.description)
    #expect(code.isEmpty ? codes.isEmpty : codes.contains(code), "\(codes)")
  }
}
