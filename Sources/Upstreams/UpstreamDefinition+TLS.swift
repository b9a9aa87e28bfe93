// TLS contexts towards the servers of an upstream: the same for requests and for checks.

import OpenSSL
import TLS

/// Makes the TLS contexts of an upstream's servers.
struct ServerContexts {
  private let security: UpstreamSecurity?
  private let trust: TrustStore?
  private let library: LibraryContext

  init(_ definition: UpstreamDefinition, library: LibraryContext) throws(TLSSetupError) {
    security = definition.security
    self.library = library
    if let bundle = definition.security?.authorities {
      trust = try TrustStore(bundle, library: library)
    } else {
      trust = nil
    }
  }

  /// The context for a server; nil when the upstream is spoken to in clear text.
  func context(
    for server: ServerDefinition, speaking protocols: [ApplicationProtocol]
  ) throws(TLSSetupError) -> TLSClientContext? {
    guard let security else { return nil }
    let settings = TLSClientSettings(
      serverName: security.serverName ?? server.hostName,
      verification: security.authorities.map { .against($0) } ?? .off,
      protocols: protocols, certificate: security.certificate)
    return try TLSClientContext(settings: settings, trust: trust, library: library)
  }
}

extension UpstreamVersion {
  /// What a TLS handshake offers for it.
  var offered: [ApplicationProtocol] {
    switch self {
    case .http1: [.http1]
    case .http2: [.http2]
    case .chosenByTLS: [.http2, .http1]
    }
  }
}
