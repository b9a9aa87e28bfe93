// TLS contexts towards the servers of an upstream: the same for requests and for checks.

import OpenSSL
import TLS

extension UpstreamDefinition {
  /// A context for each server; none when the upstream is spoken to in clear text.
  func clientContexts(
    speaking protocols: [ApplicationProtocol], library: LibraryContext
  ) throws(TLSSetupError) -> [TLSClientContext] {
    guard let security else { return [] }
    var trust: TrustStore?
    if let bundle = security.authorities {
      trust = try TrustStore(bundle, library: library)
    }
    var contexts: [TLSClientContext] = []
    for server in servers {
      let settings = TLSClientSettings(
        serverName: security.serverName ?? server.hostName,
        verification: security.authorities.map { .against($0) } ?? .off,
        protocols: protocols, certificate: security.certificate)
      contexts.append(
        try TLSClientContext(settings: settings, trust: trust, library: library))
    }
    return contexts
  }
}
