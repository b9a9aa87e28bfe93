// What `sluice certs` writes: a local authority and leaf certificates for trying the gateway on
// one's own machine. They are not for production: the authority's key lies beside them.

import Glibc

/// A set of development certificates in one folder.
package struct DevelopmentCertificates {
  /// Days of validity. Clients refuse server certificates of more than 825 days.
  package static let validDays = 825

  /// The files of one certificate.
  package struct Files: Equatable, Sendable {
    package let certificate: String
    package let key: String
  }

  /// What was written.
  package struct Written: Equatable, Sendable {
    package let authority: Files
    package let ecdsa: Files
    package let rsa: Files
  }

  package enum Failure: Error, Equatable {
    case crypto(CryptoError)
    case file(path: String, FileError)
  }

  /// Folder that exists and takes the files.
  package let folder: String
  /// DNS names and IP addresses of the leaf certificates.
  package let names: [CertificateBlueprint.Name]

  package init(folder: String, names: [CertificateBlueprint.Name]) {
    self.folder = folder
    self.names = names
  }

  /// Generates and writes `ca`, `edge-ecdsa` and `edge-rsa`, each as `.pem` and `.key`, replacing
  /// what is there. Keys have mode 0600. A leaf's file holds the leaf alone: the authority is what
  /// clients are told to trust.
  package func write(now: Int, library: LibraryContext) throws(Failure) -> Written {
    let authorityKey = try generate(.ecdsa, library)
    let authority = try issue(
      blueprint("Sluice development authority", .authority, [], now), authorityKey, nil, library)
    let signer = (certificate: authority, key: authorityKey)
    let leaf = blueprint("Sluice development", .server, names, now)
    let authorityFiles = try save(authority, authorityKey, as: "ca")
    let ecdsaKey = try generate(.ecdsa, library)
    let ecdsa = try save(
      try issue(leaf, ecdsaKey, signer, library), ecdsaKey, as: "edge-ecdsa")
    let rsaKey = try generate(.rsa, library)
    let rsa = try save(try issue(leaf, rsaKey, signer, library), rsaKey, as: "edge-rsa")
    return Written(authority: authorityFiles, ecdsa: ecdsa, rsa: rsa)
  }

  // An hour of the past lets machines whose clocks differ a little use the certificates at once.
  private func blueprint(
    _ name: String, _ purpose: CertificateBlueprint.Purpose, _ names: [CertificateBlueprint.Name],
    _ now: Int
  ) -> CertificateBlueprint {
    let start = now - 3600
    return CertificateBlueprint(
      commonName: name, purpose: purpose, names: names, notBefore: start,
      notAfter: start + Self.validDays * 86_400)
  }

  private func generate(_ kind: KeyKind, _ library: LibraryContext) throws(Failure) -> PrivateKey {
    do { return try PrivateKey.generate(kind, library: library) } catch { throw .crypto(error) }
  }

  private func issue(
    _ blueprint: CertificateBlueprint, _ key: PrivateKey,
    _ signer: (certificate: Certificate, key: PrivateKey)?, _ library: LibraryContext
  ) throws(Failure) -> Certificate {
    do {
      return try blueprint.issue(for: key, by: signer, library: library)
    } catch {
      throw .crypto(error)
    }
  }

  private func save(_ certificate: Certificate, _ key: PrivateKey, as name: String)
    throws(Failure) -> Files
  {
    let files = Files(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
    let keyText: [UInt8]
    let certificateText: [UInt8]
    do {
      keyText = try key.pem()
      certificateText = try certificate.pem()
    } catch {
      throw .crypto(error)
    }
    try put(keyText, files.key, 0o600)
    try put(certificateText, files.certificate, 0o644)
    return files
  }

  private func put(_ bytes: [UInt8], _ path: String, _ mode: mode_t) throws(Failure) {
    do {
      try AtomicFile.write(bytes, to: path, mode: mode)
    } catch {
      throw .file(path: path, error)
    }
  }
}
