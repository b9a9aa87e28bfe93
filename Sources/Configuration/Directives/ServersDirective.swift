// `servers`: servers of an upstream that are found while the gateway runs.

/// Where servers are found.
package enum ServersSource: Sendable, Hashable, CustomStringConvertible {
  /// A file of `server` lines, read again when it changes.
  case file(path: String)
  /// SRV records of a name, in lower case. RFC 2782.
  case service(name: String)

  package var description: String {
    switch self {
    case .file(let path): "file(\"\(path)\")"
    case .service(let name): "srv:\(name)"
    }
  }
}

package struct ServersSettings: Sendable {
  package var source: ServersSource?
}

extension CoreDirectives {
  static let servers = Manual<ServersSettings>(
    directive: "servers",
    summary: "Servers that are found while the gateway runs, beside those of 'server'. One that "
      + "goes takes no more requests, and ends those that it has. What cannot be read or looked "
      + "up changes nothing.",
    scopes: [.upstream], inheritance: .none,
    arguments: [
      .value(
        "source", \.source, .serversSource,
        "file(\"PATH\"): 'server' lines as they stand in an upstream, looked at four times a "
          + "second. srv:NAME: SRV records with their weights and priorities, asked for again "
          + "before their TTL has passed.")
    ],
    defaults: ServersSettings(), properties: [],
    examples: [
      Example("a file that a deployment writes", config: "servers file(\"orders.servers\")"),
      Example("SRV records", config: "servers srv:_orders._tcp.internal"),
    ])
}

extension ValueType where Wrapped == ServersSource {
  static var serversSource: ValueType {
    ValueType(
      "file(\"PATH\") or srv:NAME", calls: [.file], canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) in
        guard text.hasPrefix("srv:") else { throw ValueProblem() }
        let name = String(text.dropFirst(4))
        guard Endpoint.isHostName(name) else {
          throw ValueProblem("is no name of a service")
        }
        return .service(name: name.lowercased())
      }
    ).naming { .file(path: $0) }
  }
}
