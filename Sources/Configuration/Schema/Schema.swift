// All directives of the language: the core's and those that the policies declare. It is open, so
// that a policy adds itself with one line.

/// The directives by name and scope.
package struct Schema: Sendable {
  package let directives: [any DirectiveDeclaration]
  private let indexes: [String: [Int]]

  /// Two declarations may share a name when no scope has both, as `tls` of listeners and of
  /// upstreams, or when they are variants of it.
  package init(directives: [any DirectiveDeclaration]) {
    self.directives = directives
    var indexes: [String: [Int]] = [:]
    for (index, declaration) in directives.enumerated() {
      let shape = declaration.shape
      for other in indexes[shape.directive, default: []] {
        let other = directives[other].shape
        let areVariants = shape.variant != nil && other.variant != nil
        let shared = Set(other.scopes).intersection(shape.scopes)
        precondition(
          shared.isEmpty || (areVariants && shape.variant != other.variant),
          "Two directives of one name share a scope: \(shape.directive).")
      }
      indexes[shape.directive, default: []].append(index)
    }
    self.indexes = indexes
  }

  /// The directive that `name` means in `scope`; any of its variants when it has some.
  package func declaration(named name: String, in scope: Scope) -> (any DirectiveDeclaration)? {
    declarations(named: name).first { $0.shape.stands(in: scope) }
  }

  /// What `name` may mean in `scope`: several when it has variants.
  package func declarations(
    named name: String, in scope: Scope
  ) -> [any DirectiveDeclaration] {
    declarations(named: name).filter { $0.shape.stands(in: scope) }
  }

  /// Every directive of that name.
  package func declarations(named name: String) -> [any DirectiveDeclaration] {
    indexes[name, default: []].map { directives[$0] }
  }

  /// Names that may stand in `scope`, in the order of declaration.
  package func names(in scope: Scope) -> [String] {
    directives.filter { $0.shape.stands(in: scope) }.map(\.shape.directive)
  }

  /// Whether `name` is a container wherever it may stand: what the parser's recovery needs to know.
  func isContainer(_ name: String) -> Bool {
    let found = declarations(named: name)
    return !found.isEmpty && found.allSatisfy(\.shape.isContainer)
  }
}
