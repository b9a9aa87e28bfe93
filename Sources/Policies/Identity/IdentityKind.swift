// The kinds of identities that a config can have. A kind is one file with its settings, its manual
// and its verifier's registration, and one line here.

import Configuration
import OpenSSL
import PolicyChain

/// A kind of identity: its declaration, what it reads from outside the config, and its verifier.
package struct IdentityKind: Sendable {
  package static let all: [IdentityKind] = [
    KeyIdentity.kind,
    JWTIdentity.kind,
    MTLSIdentity.kind,
  ]

  package let declaration: any DirectiveDeclaration
  /// Paths of the files that an identity is made from, as the config writes them.
  package let files: @Sendable (any Sendable) -> [String]
  /// Whether its credential is proved by the TLS handshake, so that no session may go on that was
  /// made before its files changed.
  package let isOfHandshake: Bool
  /// Makes what verifiers need of the settings and the bytes of those files.
  package let read:
    @Sendable (any Sendable, [CredentialFile]) throws(CredentialProblem) -> any Sendable
  /// Makes a worker's verifier.
  package let build:
    @Sendable (any Sendable, any Sendable, VerifierContext) throws(CredentialProblem) ->
      any IdentityVerifier

  /// Where an identity's keys are published; nil when they are not.
  package let published: @Sendable (any Sendable) -> PublishedKeys?

  package var name: String { declaration.shape.variant ?? "" }

  /// The kind of an identity of a config.
  package static func of(_ identity: IdentityConfiguration) -> IdentityKind {
    guard let kind = all.first(where: { $0.name == identity.kind }) else {
      preconditionFailure("The schema holds the kinds of identities that there are.")
    }
    return kind
  }

  package init<Settings: Sendable, Material: Sendable>(
    _ manual: Manual<Settings>, files: @escaping @Sendable (Settings) -> [String],
    isOfHandshake: Bool = false,
    published: @escaping @Sendable (Settings) -> PublishedKeys?,
    read:
      @escaping @Sendable (Settings, [CredentialFile]) throws(CredentialProblem) -> Material,
    build:
      @escaping @Sendable (Settings, Material, VerifierContext) throws(CredentialProblem) ->
      any IdentityVerifier
  ) {
    declaration = manual
    self.isOfHandshake = isOfHandshake
    self.files = { settings in (settings as? Settings).map(files) ?? [] }
    self.published = { settings in (settings as? Settings).flatMap(published) }
    self.read = { (settings, bytes) throws(CredentialProblem) in
      guard let settings = settings as? Settings else {
        preconditionFailure("An identity is read with the settings of its own kind.")
      }
      return try read(settings, bytes)
    }
    self.build = { (settings, material, context) throws(CredentialProblem) in
      guard let settings = settings as? Settings, let material = material as? Material else {
        preconditionFailure("A verifier is made of the settings of its own kind.")
      }
      return try build(settings, material, context)
    }
  }
}

/// A file as it was read, by the path that messages name.
package struct CredentialFile: Sendable {
  package let path: String
  package let bytes: [UInt8]

  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }
}

/// What is wrong with the keys or files of an identity, in words for the operator.
package struct CredentialProblem: Error, Equatable {
  package let text: String
  /// Whether a file could not even be read.
  package let isUnreadable: Bool

  package init(_ text: String, isUnreadable: Bool = false) {
    self.text = text
    self.isUnreadable = isUnreadable
  }
}

/// What a verifier may use of its worker.
package struct VerifierContext {
  package let label: IdentityLabel
  package let library: LibraryContext
  /// Where it asks for keys that it does not know; nil when its keys are not published.
  package let desk: KeyDesk?
  /// What callers may do by their roles.
  package let roles: RoleTable

  package init(
    label: IdentityLabel, library: LibraryContext, desk: KeyDesk?,
    roles: RoleTable = RoleTable([])
  ) {
    self.label = label
    self.library = library
    self.desk = desk
    self.roles = roles
  }
}
