// What a listener says about TLS: the `tls` and `bind protocols=` statements of routes.conf, and
// its certificates.

/// Settings of one listener's TLS.
package struct TLSServerSettings: Sendable {
  /// What to do with a handshake whose server name no certificate has.
  package enum UnknownName: Sendable {
    /// Serve the first certificate.
    case serveDefault
    /// Refuse with the alert unrecognized_name; a client that sends no name is refused too.
    case refuse
  }

  /// Whether clients are asked for a certificate, and by which authorities it must be issued.
  package enum ClientCertificates: Sendable {
    case none
    /// A client may have one; one that does not verify ends the handshake.
    case optional(AuthorityBundle)
    /// A client must have one. Sessions are not resumed, so that it is verified each time.
    case required(AuthorityBundle)
  }

  package var minimumVersion: TLSVersion
  /// In the server's order of preference. Empty: ALPN is not spoken.
  package var protocols: [ApplicationProtocol]
  package var unknownName: UnknownName
  package var clientCertificates: ClientCertificates
  /// The listener's name: sessions are resumed on the same listener only.
  package var listener: String

  package init(
    listener: String, minimumVersion: TLSVersion, protocols: [ApplicationProtocol],
    unknownName: UnknownName, clientCertificates: ClientCertificates
  ) {
    self.listener = listener
    self.minimumVersion = minimumVersion
    self.protocols = protocols
    self.unknownName = unknownName
    self.clientCertificates = clientCertificates
  }
}

/// A certificate and the names that it is served for.
package struct ServedCertificate: Sendable {
  /// Exact names, and wildcards such as `*.example.com` for one or more labels.
  package let names: [String]
  package let pair: CertificatePair

  package init(names: [String], pair: CertificatePair) {
    self.names = names
    self.pair = pair
  }
}
