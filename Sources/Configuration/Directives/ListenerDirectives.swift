// `listener` and what stands in it, `certificate`, and the limits of connections, which `defaults`
// may say too.

package struct EntitySettings: Sendable {
  package var name = ""
}

package struct CertificateSettings: Sendable {
  package var name = ""
  package var names: [HostPattern] = []
  package var chainPath = ""
  package var key = Secret(.file(""))
}

package enum TLSVersion: String, Sendable, CaseIterable, Comparable {
  case tls12 = "1.2"
  case tls13 = "1.3"

  package static func < (left: TLSVersion, right: TLSVersion) -> Bool {
    left.rawValue < right.rawValue
  }
}

package enum ClientCertificateDemand: String, Sendable, CaseIterable {
  case never = "none"
  case optional, required
}

package enum UnknownNameAction: String, Sendable, CaseIterable {
  case serve, refuse
}

package struct ListenerTLSSettings: Sendable {
  package var minimum = TLSVersion.tls12
  package var certificates: [String] = []
  package var clientAuthorityPath: String?
  package var clientCertificate = ClientCertificateDemand.never
  package var unknownName = UnknownNameAction.serve
}

package enum ListenerRedirect: String, Sendable, CaseIterable {
  case https
}

package struct ListenerRedirectSettings: Sendable {
  package var target = ListenerRedirect.https
}

package enum ServeMode: String, Sendable, CaseIterable {
  case named, all
}

package struct ServeSettings: Sendable {
  package var mode = ServeMode.all
}

extension CoreDirectives {
  static let listener = Manual<EntitySettings>(
    directive: "listener", summary: "Where clients connect.", scopes: [.top], inheritance: .none,
    defines: .listener, opens: .listener,
    arguments: [.value("name", \.name, .name, "Its name.")],
    defaults: EntitySettings(), properties: [],
    examples: [
      Example(
        "TLS on every address",
        config: "listener edge {\n  bind :443\n  tls certificates=[api]\n}")
    ])

  static let bind = Manual<BindSettings>(
    directive: "bind", summary: "An address that the listener listens on.", scopes: [.listener],
    inheritance: .none, isRepeatable: true,
    arguments: [.value("address", \.address, .bindAddress, "Address and port, or a unix socket.")],
    defaults: BindSettings(),
    properties: [
      .list(
        "protocols", \.protocols, of: .listenerProtocol,
        "Protocols that are offered, in the order of preference.")
    ],
    examples: [
      Example("IPv6", config: "bind \"[::]:443\""),
      Example("HTTP/2 where the client has it", config: "bind :443 protocols=[h2 http/1.1]"),
    ])

  static let listenerTLS = Manual<ListenerTLSSettings>(
    directive: "tls", summary: "The listener speaks TLS.", scopes: [.listener], inheritance: .none,
    defaults: ListenerTLSSettings(),
    properties: [
      .enumeration("min", \.minimum, "The lowest version that is accepted."),
      .list(
        "certificates", \.certificates, of: .reference(to: .certificate),
        "Certificates by name; the client's SNI chooses among them, the first is the default."
      ).required,
      .path("client-ca", \.clientAuthorityPath, "Authorities that client certificates end at."),
      .enumeration(
        "client-cert", \.clientCertificate, "Whether a client certificate is asked for."),
      .enumeration("unknown-name", \.unknownName, "What happens when no certificate has the name."),
    ],
    examples: [Example("TLS 1.3 only", config: "tls min=1.3 certificates=[api]")],
    check: { settings in
      (settings.clientCertificate == .never) == (settings.clientAuthorityPath == nil)
        ? []
        : [
          SettingsProblem(
            settings.clientAuthorityPath == nil ? "client-cert" : "client-ca",
            "'client-cert' and 'client-ca' go together",
            help: "client-ca=\"FILE\" client-cert=optional|required")
        ]
    })

  static let listenerRedirect = Manual<ListenerRedirectSettings>(
    directive: "redirect",
    summary: "Sends every request to https; only routes that name this listener are served.",
    scopes: [.listener], inheritance: .none,
    arguments: [.enumeration("target", \.target, "Where to.")],
    defaults: ListenerRedirectSettings(), properties: [],
    examples: [Example("clear text never serves", config: "redirect https")])

  static let serve = Manual<ServeSettings>(
    directive: "serve", summary: "Which routes live on the listener.", scopes: [.listener],
    inheritance: .none,
    arguments: [.enumeration("mode", \.mode, "'named': only routes that name the listener.")],
    defaults: ServeSettings(), properties: [],
    examples: [Example("an internal listener", config: "serve named")])

  static let certificate = Manual<CertificateSettings>(
    directive: "certificate", summary: "A certificate chain and its key.", scopes: [.top],
    inheritance: .none, defines: .certificate,
    arguments: [.value("name", \.name, .name, "Its name.")],
    defaults: CertificateSettings(),
    properties: [
      .list("names", \.names, of: .hostPattern, "Host names that it is for."),
      .path("cert", \.chainPath, "The chain in PEM, leaf first; read again when it changes.")
        .required,
      .value("key", \.key, .privateKey, "The private key in PEM.").required,
    ],
    examples: [
      Example(
        "a certificate for two names",
        config: "certificate api names=[api.example.com *.api.example.com] "
          + "cert=\"certs/api.pem\" key=\"certs/api.key\"")
    ])
}

extension ValueType where Wrapped == String {
  static var listenerProtocol: ValueType {
    ValueType(
      "h2 or http/1.1", words: ["h2", "http/1.1"], calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard text == "h2" || text == "http/1.1" else { throw ValueProblem() }
        return text
      })
  }
}
