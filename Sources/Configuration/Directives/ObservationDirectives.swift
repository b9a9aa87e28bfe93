// `client-ip`, `access-log` and `admin`: whom the process believes, what it writes, where it
// answers its operators.

/// The field that a trusted proxy writes the client's address to.
package enum ForwardedField: String, Sendable, CaseIterable {
  case xForwardedFor = "x-forwarded-for"
  case forwarded
}

package struct ClientAddressSettings: Sendable {
  package var trusted: [CIDR] = []
  package var field = ForwardedField.xForwardedFor
}

package enum AccessLogFormat: String, Sendable, CaseIterable {
  case json
}

/// Where log lines go.
package enum LogTarget: Sendable, Hashable, CustomStringConvertible {
  case standardOutput
  case standardError
  case file(String)

  package var description: String {
    switch self {
    case .standardOutput: "stdout"
    case .standardError: "stderr"
    case .file(let path): path
    }
  }
}

package struct AccessLogSettings: Sendable {
  package var format = AccessLogFormat.json
  package var target = LogTarget.standardOutput
}

package struct BindSettings: Sendable {
  package var address = BindAddress.any(port: 0)
  package var protocols: [String] = ["http/1.1"]
}

package struct NoSettings: Sendable {}

extension CoreDirectives {
  static let clientIP = Manual<ClientAddressSettings>(
    directive: "client-ip", summary: "Whose word is taken for the client's address.",
    scopes: [.top], inheritance: .none,
    defaults: ClientAddressSettings(),
    properties: [
      .list("trust", \.trusted, of: .cidr, "Networks of the proxies in front.").required,
      .enumeration("from", \.field, "The field that they write, read from right to left."),
    ],
    examples: [
      Example(
        "a load balancer in the private network is believed",
        config: "client-ip trust=[10.0.0.0/8 fd00::/8] from=x-forwarded-for")
    ],
    check: { settings in
      settings.trusted.contains(where: \.isEverything)
        ? [
          SettingsProblem(
            "trust", "'client-ip' trusts every address, so that any client may choose its own",
            help: "name the networks of the proxies in front", code: .trustsEveryone)
        ] : []
    })

  static let accessLog = Manual<AccessLogSettings>(
    directive: "access-log", summary: "One line per request, whatever its end.", scopes: [.top],
    inheritance: .record(.on),
    defaults: AccessLogSettings(),
    properties: [
      .enumeration("format", \.format, "The shape of a line."),
      .value("to", \.target, .logTarget, "Where the lines go."),
    ],
    examples: [Example("JSON to standard output", config: "access-log format=json to=stdout")])

  static let admin = Manual<NoSettings>(
    directive: "admin", summary: "The operators' listener: probes and metrics.", scopes: [.top],
    inheritance: .none, opens: .admin,
    defaults: NoSettings(), properties: [],
    examples: [Example("on the loopback address", config: "admin {\n  bind 127.0.0.1:9901\n}")])

  static let adminBind = Manual<BindSettings>(
    directive: "bind", summary: "Where the admin listener listens: this machine only.",
    scopes: [.admin], inheritance: .none, isRepeatable: true,
    arguments: [.value("address", \.address, .bindAddress, "A loopback address or unix socket.")],
    defaults: BindSettings(), properties: [],
    examples: [Example("IPv6", config: "bind \"[::1]:9901\"")],
    check: { settings in
      settings.address.isLocal
        ? []
        : [
          SettingsProblem(
            "address", "the admin listener must not leave this machine",
            help: "bind 127.0.0.1:PORT, \"[::1]:PORT\" or unix:PATH")
        ]
    })
}

extension ValueType where Wrapped == LogTarget {
  static var logTarget: ValueType {
    .described("stdout, stderr or a path", words: ["stdout", "stderr"]) {
      (text) throws(ValueProblem) in
      switch text {
      case "stdout": return .standardOutput
      case "stderr": return .standardError
      default:
        guard text.contains("/") else { throw ValueProblem() }
        return .file(text)
      }
    }
  }
}
