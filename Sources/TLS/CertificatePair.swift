// A certificate chain with its private key, proved to belong together, as a value that each worker
// reads into its own library context.

import OpenSSL

/// A verified pair.
package struct CertificatePair: Sendable {
  /// The chain in DER, the leaf first.
  let chain: [[UInt8]]
  let key: KeyBytes
  package let kind: KeyKind
  /// The leaf's subject alternative names.
  package let names: [CertificateName]
  /// Seconds since 1970.
  package let notBefore: Int
  package let notAfter: Int
  /// SHA-256 of the leaf, in hexadecimal: which certificate is in use.
  package let fingerprint: String

  /// What is odd about a pair that can be used all the same.
  package enum Warning: String, Sendable {
    case expired = "certificate_expired"
    case notYetValid = "certificate_not_yet_valid"
    case noNames = "certificate_without_names"
  }

  /// Reads and proves a pair from PEM text. Throws when either part cannot be read, the key is
  /// encrypted or of a kind that TLS here does not use, or the key is not the leaf's.
  package init(chainPEM: Span<UInt8>, keyPEM: Span<UInt8>, library: LibraryContext)
    throws(CertificateError)
  {
    let isMatch: Bool
    do {
      let certificates = try PEM.certificates(
        in: chainPEM, max: TLSLimits.chainCountMax, library: library)
      let key = try PrivateKey.read(pem: keyPEM, library: library)
      let leaf = certificates[0]
      var chain: [[UInt8]] = []
      for certificate in certificates { chain.append(try certificate.der) }
      self.chain = chain
      self.key = try key.bytes()
      kind = key.kind
      names = try leaf.names
      notBefore = try leaf.notBefore
      notAfter = try leaf.notAfter
      let digests = try SHA256(library: library)
      let leafBytes = chain[0]
      fingerprint = try digests.digest(of: leafBytes.span).hex
      isMatch = leaf.matches(key)
    } catch {
      throw .unreadable(error)
    }
    guard isMatch else { throw .mismatch }
  }

  /// What an operator should know about the pair at a time in seconds since 1970.
  package func warnings(at now: Int) -> [Warning] {
    var warnings: [Warning] = []
    if now > notAfter { warnings.append(.expired) }
    if now < notBefore { warnings.append(.notYetValid) }
    if names.isEmpty { warnings.append(.noNames) }
    return warnings
  }
}
