// `upstream` and what stands in it: servers, TLS, connections, protocol, and the Host that is sent.

package struct ServerSettings: Sendable, Hashable {
  package var endpoint = Endpoint.unix(path: "")
  package var weight = 1
  package var priority = 0

  package init() {}

  package init(endpoint: Endpoint, weight: Int, priority: Int) {
    self.endpoint = endpoint
    self.weight = weight
    self.priority = priority
  }
}

package struct UpstreamTLSSettings: Sendable {
  package var verifies = true
  package var serverName: String?
  package var authorityPath: String?
  package var certificate: String?
}

package struct UpstreamConnectionSettings: Sendable {
  package var max = 200
  package var idle = 64
  package var idleTimeout = TimeSpan.seconds(60)
}

/// Which Host is sent.
package enum UpstreamHost: Sendable, Hashable, CustomStringConvertible {
  case preserve
  case upstream
  case name(String)

  package var description: String {
    switch self {
    case .preserve: "preserve"
    case .upstream: "upstream"
    case .name(let name): name
    }
  }
}

package struct UpstreamHostSettings: Sendable {
  package var host = UpstreamHost.preserve
}

package enum UpstreamProtocol: String, Sendable, CaseIterable {
  case auto
  case http11 = "http/1.1"
  case h2
  case h2c
}

package struct UpstreamProtocolSettings: Sendable {
  package var version = UpstreamProtocol.auto
}

extension CoreDirectives {
  static let upstream = Manual<EntitySettings>(
    directive: "upstream", summary: "Servers that requests are forwarded to.", scopes: [.top],
    inheritance: .none, defines: .upstream, opens: .upstream,
    arguments: [.value("name", \.name, .name, "Its name.")],
    defaults: EntitySettings(), properties: [],
    examples: [
      Example("one server", config: "upstream orders {\n  server orders.internal:8080\n}")
    ])

  static let server = Manual<ServerSettings>(
    directive: "server", summary: "One server of the upstream.", scopes: [.upstream],
    inheritance: .none, isRepeatable: true,
    arguments: [.value("address", \.endpoint, .endpoint, "Name or address, with its port.")],
    defaults: ServerSettings(),
    properties: [
      .integer("weight", \.weight, in: 1...256, "Its share, against the weights of the others."),
      .integer(
        "priority", \.priority, in: 0...65_535,
        "Servers of the lowest priority that has one in use are asked; the others stand by."),
    ],
    examples: [
      Example("a bigger machine", config: "server orders-1.internal:8443 weight=2"),
      Example("another site stands by", config: "server orders.elsewhere.internal:8443 priority=1"),
    ])

  static let upstreamTLS = Manual<UpstreamTLSSettings>(
    directive: "tls", summary: "The upstream is spoken to over TLS.", scopes: [.upstream],
    inheritance: .none,
    defaults: UpstreamTLSSettings(),
    properties: [
      .flag("verify", \.verifies, "Whether the server's certificate is verified."),
      .value("server-name", \.serverName, .hostName, "The name in SNI, and that is verified."),
      .path("ca", \.authorityPath, "Authorities to trust instead of the system's."),
      .reference(
        "certificate", \.certificate, to: .certificate, "The certificate that Sluice shows."),
    ],
    examples: [Example("a private name", config: "tls server-name=orders.internal")],
    check: { settings in
      settings.verifies || settings.authorityPath == nil
        ? [] : [SettingsProblem("verify", "with 'verify=off' no authority of 'ca=' is asked")]
    })

  static let connections = Manual<UpstreamConnectionSettings>(
    directive: "connections", summary: "Connections that are kept to the upstream.",
    scopes: [.upstream], inheritance: .none,
    defaults: UpstreamConnectionSettings(),
    properties: [
      .integer("max", \.max, in: 1...100_000, "Connections at a time, over all workers."),
      .integer(
        "idle", \.idle, in: 0...100_000,
        "Idle connections that are kept; each worker has an equal part."),
      .duration(
        "idle-timeout", \.idleTimeout, in: .milliseconds(100) ... .hours(1),
        "How long an idle connection is kept."),
    ],
    examples: [Example("few connections", config: "connections max=20 idle=4")],
    check: { settings in
      settings.idle <= settings.max
        ? []
        : [
          SettingsProblem(
            "idle", "\(settings.idle) idle connections cannot be kept of \(settings.max)")
        ]
    })

  static let upstreamHost = Manual<UpstreamHostSettings>(
    directive: "host", summary: "Which Host the upstream is sent.", scopes: [.upstream],
    inheritance: .none,
    arguments: [
      .value("host", \.host, .upstreamHost, "The client's, the server's own name, or this name.")
    ],
    defaults: UpstreamHostSettings(), properties: [],
    examples: [Example("the server's own name", config: "host upstream")])

  static let upstreamProtocol = Manual<UpstreamProtocolSettings>(
    directive: "protocol", summary: "What the upstream speaks.", scopes: [.upstream],
    inheritance: .none,
    arguments: [
      .enumeration(
        "version", \.version,
        "'auto' takes HTTP/2 where a TLS handshake offers it, and HTTP/1.1 everywhere else.")
    ],
    defaults: UpstreamProtocolSettings(), properties: [],
    examples: [
      Example("HTTP/1.1 only, whatever the server offers", config: "protocol http/1.1"),
      Example("HTTP/2 over TLS or not at all, as gRPC needs it", config: "protocol h2"),
      Example("HTTP/2 in clear text, by prior knowledge", config: "protocol h2c"),
    ])
}

extension ValueType where Wrapped == UpstreamHost {
  static var upstreamHost: ValueType {
    .described("preserve, upstream or a host name", words: ["preserve", "upstream"]) {
      (text) throws(ValueProblem) in
      switch text {
      case "preserve": return .preserve
      case "upstream": return .upstream
      default:
        guard Endpoint.isHostName(text), text.contains(".") else { throw ValueProblem() }
        return .name(text.lowercased())
      }
    }
  }
}

extension ValueType where Wrapped == String {
  /// A host name, in lower case.
  package static var hostName: ValueType {
    ValueType(
      "a host name", canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard Endpoint.isHostName(text) else { throw ValueProblem() }
        return text.lowercased()
      })
  }
}
