// Identities of a config, and what is audited about the places where their credentials travel.

extension Compiler {
  func identities() -> [IdentityConfiguration] {
    statements.filter { $0.shape.defines == .identity }.map { statement in
      IdentityConfiguration(
        name: statement.name, kind: statement.shape.variant ?? "",
        settings: statement.declaration.settings(applying: statement.values),
        location: statement.location)
    }
  }

  /// A listener that asks for no certificate can never prove one.
  mutating func refuseUnaskedCertificates(_ listeners: [ListenerConfiguration]) {
    let identities = Set(
      statements.filter { $0.shape.defines == .identity && $0.shape.variant == "mtls" }
        .map(\.name))
    guard !identities.isEmpty else { return }
    for listener in listeners where !listener.asksForCertificates {
      var reported: Set<SourceLocation> = []
      for route in listener.routes {
        for auth in route.settings.entries(of: CoreDirectives.auth) {
          guard let name = auth.settings.identities.first(where: identities.contains),
            reported.insert(auth.location).inserted
          else { continue }
          report(
            .certificateNotAsked,
            "listener '\(listener.name)' asks for no client certificate, as '\(name)' needs",
            at: auth.location, notes: [.init("the listener", at: listener.location)],
            help: "write tls client-ca=... client-cert=optional there, or match other listeners")
        }
      }
    }
  }

  /// A credential in clear text over a network is everybody's: a listener that takes one speaks
  /// TLS, or is reached from this machine only.
  mutating func refuseOpenCredentials(_ listeners: [ListenerConfiguration]) {
    var reported: Set<SourceLocation> = []
    for listener in listeners where listener.tls == nil {
      guard let open = listener.binds.first(where: { !$0.address.isLocal }) else { continue }
      for route in listener.routes {
        for auth in route.settings.entries(of: CoreDirectives.auth)
        where !auth.settings.identities.isEmpty && reported.insert(auth.location).inserted {
          report(
            .openCredential,
            "listener '\(listener.name)' takes this credential in clear text on \(open.address)",
            at: auth.location, notes: [.init("the listener", at: listener.location)],
            help: "add 'tls' to the listener, or bind it to a loopback address")
        }
      }
    }
  }
}

extension ListenerConfiguration {
  fileprivate var asksForCertificates: Bool {
    guard let tls else { return false }
    return tls.clientCertificate != .never && tls.clientAuthorityPath != nil
  }
}
