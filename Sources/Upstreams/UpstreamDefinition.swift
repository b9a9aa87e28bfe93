// An upstream as the config says it: values only, shared by all workers.

import Engine
import PolicyChain
import TLS

/// One server of an upstream.
package struct ServerDefinition: Sendable, Hashable {
  package enum Host: Sendable, Hashable {
    /// An address or unix socket that needs no resolution.
    case address(SocketAddress)
    case name(String, port: UInt16)
  }

  package let host: Host
  /// Share of the requests among the upstream's servers; at least 1.
  package let weight: Int
  /// Servers of the lowest priority that has a fit one are asked.
  package let priority: Int

  /// The name or address without its port: what a certificate must have.
  package var hostName: String {
    switch host {
    case .name(let name, _): name
    case .address(.ip(let address, _)): address.description
    case .address(.unix): "localhost"
    }
  }
  /// As written in the config: host and port.
  package let name: String
  package let label: ServerLabel

  package init(host: Host, weight: Int, priority: Int, name: String, label: ServerLabel) {
    self.priority = priority
    self.name = name
    self.host = host
    self.weight = weight
    self.label = label
  }
}

/// Where servers are found while the gateway runs.
package enum Discovery: Sendable, Hashable {
  /// A file of servers, by its whole path.
  case file(path: String)
  /// SRV records of a name.
  case service(name: String)
}

/// What Host field the upstream sees.
package enum HostRule: Sendable, Hashable {
  case preserve
  /// The server's own name and port.
  case upstream
  case fixed([UInt8])
}

/// What is spoken with an upstream.
package enum UpstreamVersion: Sendable, Hashable {
  case http1
  /// HTTP/2 over TLS when that is offered.
  case chosenByTLS
  /// HTTP/2 and nothing else: over TLS by ALPN, in clear text by prior knowledge.
  case http2
}

/// TLS towards an upstream.
package struct UpstreamSecurity: Sendable, Hashable {
  /// The name that is sent and verified; nil takes each server's own.
  package let serverName: String?
  /// Nil takes any certificate, which the config must have said.
  package let authorities: AuthorityBundle?
  package let certificate: CertificatePair?

  package init(serverName: String?, authorities: AuthorityBundle?, certificate: CertificatePair?) {
    self.serverName = serverName
    self.authorities = authorities
    self.certificate = certificate
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.serverName == b.serverName && a.authorities == b.authorities
      && a.certificate?.fingerprint == b.certificate?.fingerprint
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(serverName)
    hasher.combine(certificate?.fingerprint)
  }
}

/// An upstream: servers that do the same work.
package struct UpstreamDefinition: Sendable, Hashable {
  package let name: String
  /// Servers that the config names itself.
  package let servers: [ServerDefinition]
  /// Nil: there are no others.
  package let discovery: Discovery?
  package let version: UpstreamVersion
  package let hostRule: HostRule
  /// Nil: clear text.
  package let security: UpstreamSecurity?
  /// Connections of the whole process at one time.
  package let connectionsMax: Int
  /// Idle connections that one worker keeps.
  package let idleMax: Int
  /// Milliseconds after which an idle connection is closed.
  package let idleTimeout: UInt64
  package let balance: Balance
  /// Nil: clients are not kept on a server by a cookie.
  package let sticky: StickyRule?
  /// Milliseconds over which a server that came back gets its share again; zero for at once.
  package let slowStart: UInt64
  package let outlier: OutlierRule
  /// Nil: nobody checks.
  package let health: HealthRule?
  package let breaker: BreakerRule?

  package init(
    name: String, servers: [ServerDefinition], discovery: Discovery?, version: UpstreamVersion,
    hostRule: HostRule,
    security: UpstreamSecurity?, connectionsMax: Int, idleMax: Int, idleTimeout: UInt64,
    balance: Balance, sticky: StickyRule?, slowStart: UInt64, outlier: OutlierRule,
    health: HealthRule?, breaker: BreakerRule?
  ) {
    self.balance = balance
    self.sticky = sticky
    self.slowStart = slowStart
    self.outlier = outlier
    self.health = health
    self.breaker = breaker
    self.name = name
    self.servers = servers
    self.discovery = discovery
    self.version = version
    self.hostRule = hostRule
    self.security = security
    self.connectionsMax = connectionsMax
    self.idleMax = idleMax
    self.idleTimeout = idleTimeout
  }
}
