// Certificates for the tests, made afresh in each run: no key material is kept in the repository.

import OpenSSL
import TLS

/// A certificate authority of one test.
final class TestAuthority {
  /// Seconds since 1970 at which all test certificates were made. Verification uses the machine's
  /// clock.
  static let now = 1_700_000_000
  static let forever = 4_000_000_000

  let library: LibraryContext
  let certificate: Certificate
  let key: PrivateKey

  init(_ name: String = "test authority") throws {
    library = try LibraryContext()
    key = try PrivateKey.generate(.ecdsa, library: library)
    let blueprint = CertificateBlueprint(
      commonName: name, purpose: .authority, names: [], notBefore: Self.now, notAfter: Self.forever)
    certificate = try blueprint.issue(for: key, by: nil, library: library)
  }

  func bundle() throws -> AuthorityBundle {
    try AuthorityBundle(pem: try certificate.pem(), library: library)
  }

  /// PEM text of a leaf certificate and its key.
  func leafPEM(
    _ names: [CertificateBlueprint.Name], kind: KeyKind = .ecdsa,
    purpose: CertificateBlueprint.Purpose = .server, notBefore: Int = TestAuthority.now,
    notAfter: Int = TestAuthority.forever, isSelfSigned: Bool = false
  ) throws -> (chain: [UInt8], key: [UInt8]) {
    let leafKey = try PrivateKey.generate(kind, library: library)
    let blueprint = CertificateBlueprint(
      commonName: "leaf", purpose: purpose, names: names, notBefore: notBefore, notAfter: notAfter)
    let leaf = try blueprint.issue(
      for: leafKey, by: isSelfSigned ? nil : (certificate, key), library: library)
    return (try leaf.pem(), try leafKey.pem())
  }

  func pair(
    _ names: [CertificateBlueprint.Name], kind: KeyKind = .ecdsa,
    purpose: CertificateBlueprint.Purpose = .server, notBefore: Int = TestAuthority.now,
    notAfter: Int = TestAuthority.forever, isSelfSigned: Bool = false
  ) throws -> CertificatePair {
    let text = try leafPEM(
      names, kind: kind, purpose: purpose, notBefore: notBefore, notAfter: notAfter,
      isSelfSigned: isSelfSigned)
    return try CertificatePair(
      chainPEM: text.chain.span, keyPEM: text.key.span, library: library)
  }

  /// A pair served for one DNS name.
  func served(_ name: String, kind: KeyKind = .ecdsa) throws -> ServedCertificate {
    ServedCertificate(names: [name], pair: try pair([.dns(name)], kind: kind))
  }
}

extension TLSServerSettings {
  static func plain(
    minimumVersion: TLSVersion = .tls12, protocols: [ApplicationProtocol] = [],
    unknownName: UnknownName = .serveDefault, clientCertificates: ClientCertificates = .none,
    listener: String = "edge"
  ) -> TLSServerSettings {
    TLSServerSettings(
      listener: listener, minimumVersion: minimumVersion, protocols: protocols,
      unknownName: unknownName, clientCertificates: clientCertificates)
  }
}
