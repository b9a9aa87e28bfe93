// What `sluice certs` writes: local authorities and leaf certificates for trying the gateway on
// one's own machine. They are not for production: the authorities' keys lie beside them.

import Bytes
import Glibc

/// A set of development certificates in one folder: an authority with two server certificates of
/// the same names, and an authority for devices with one client certificate.
///
/// Only what is missing, near its end or of other names is made again: an authority that people
/// have told their browsers to trust stays as long as it can.
package struct DevelopmentCertificates {
  /// Days of validity. Clients refuse server certificates of more than 825 days.
  package static let validDays = 825
  /// Days before its end at which a certificate is made again.
  package static let renewalDays = 30
  /// What the one device certificate says of its holder.
  package static let deviceName = "spiffe://example.com/device/1"

  /// What became of the files.
  package struct Report: Equatable, Sendable {
    /// Names without ending, in the order in which they were written; empty when all were fit.
    package var written: [String] = []
    /// When the first of all certificates ends, in seconds since 1970.
    package var validUntil = Int.max
  }

  package enum Failure: Error, Equatable {
    case crypto(CryptoError)
    case file(path: String, FileError)
    /// A certificate stands there that this authority did not issue: it may be somebody's work.
    case foreign(path: String)
  }

  /// A certificate with its key, and the name of its files.
  struct Pair {
    let name: String
    let certificate: Certificate
    let key: PrivateKey
    /// The key that this one replaces: what it signed is ours.
    var predecessor: PrivateKey?

    /// Seconds since 1970.
    var end: Int {
      get throws(Failure) {
        do throws(CryptoError) { return try certificate.notAfter } catch { throw .crypto(error) }
      }
    }
  }

  /// What a pair shall be.
  private struct Wanted {
    let name: String
    let commonName: String
    let purpose: CertificateBlueprint.Purpose
    let kind: KeyKind
    var names: [CertificateBlueprint.Name] = []
  }

  /// Takes the files; made when it is missing, in a folder that exists.
  package let folder: String
  /// DNS names and IP addresses of the server certificates.
  package let names: [CertificateBlueprint.Name]

  package init(folder: String, names: [CertificateBlueprint.Name]) {
    self.folder = folder
    self.names = names
  }

  /// Makes what is not fit for use at `now`, or everything when `isForced`.
  ///
  /// Each pair is NAME.pem and NAME.key: `ca`, `edge` (ECDSA), `edge-rsa`, `devices-ca`, `device`.
  /// Keys have mode 0600. A leaf's file holds the leaf alone: the authority is what clients are
  /// told to trust.
  package func renew(now: Int, isForced: Bool, library: LibraryContext) throws(Failure) -> Report {
    guard unsafe mkdir(folder, 0o755) == 0 || errno == EEXIST else {
      throw .file(path: folder, FileError(number: errno))
    }
    var report = Report()
    let servers = [
      Wanted(
        name: "edge", commonName: "Sluice development", purpose: .server, kind: .ecdsa,
        names: names),
      Wanted(
        name: "edge-rsa", commonName: "Sluice development", purpose: .server, kind: .rsa,
        names: names),
    ]
    let device = Wanted(
      name: "device", commonName: "Sluice development device", purpose: .client, kind: .ecdsa,
      names: [.uri(Self.deviceName)])
    for (authority, leaves) in [
      (authority("ca", "Sluice development authority"), servers),
      (authority("devices-ca", "Sluice development devices"), [device]),
    ] {
      let signer = try pair(authority, by: nil, now, isForced, library, &report)
      for leaf in leaves { _ = try pair(leaf, by: signer, now, isForced, library, &report) }
    }
    return report
  }

  private func authority(_ name: String, _ commonName: String) -> Wanted {
    Wanted(name: name, commonName: commonName, purpose: .authority, kind: .ecdsa)
  }

  /// The pair that is there when it is fit, else a new one.
  private func pair(
    _ wanted: Wanted, by signer: Pair?, _ now: Int, _ isForced: Bool, _ library: LibraryContext,
    _ report: inout Report
  ) throws(Failure) -> Pair {
    var old: Pair?
    if !isForced {
      old = try DevelopmentPair.read(named: wanted.name, in: folder, library)
      if let old, try isFit(old, wanted, by: signer, now) {
        report.validUntil = min(report.validUntil, try old.end)
        return old
      }
    }
    let fresh = try issue(wanted, by: signer, now, library, replacing: old)
    try DevelopmentPair.write(fresh, in: folder)
    report.written.append(wanted.name)
    report.validUntil = min(report.validUntil, try fresh.end)
    return fresh
  }

  /// Whether a pair may stay. Throws when it is not ours to replace.
  private func isFit(
    _ found: Pair, _ wanted: Wanted, by signer: Pair?, _ now: Int
  ) throws(Failure) -> Bool {
    let isOfSigner = found.certificate.isSigned(by: signer?.key ?? found.key)
    let isOfPredecessor = signer?.predecessor.map(found.certificate.isSigned) ?? false
    guard isOfSigner || isOfPredecessor else {
      throw .foreign(path: "\(folder)/\(wanted.name).pem")
    }
    guard isOfSigner, try found.end - now > Self.renewalDays * 86_400 else { return false }
    if wanted.names.isEmpty { return true }
    return try DevelopmentPair.speaks(found, for: wanted.names)
  }

  private func issue(
    _ wanted: Wanted, by signer: Pair?, _ now: Int, _ library: LibraryContext,
    replacing old: Pair?
  ) throws(Failure) -> Pair {
    // An hour of the past lets machines whose clocks differ a little use the certificates at once.
    let start = now - 3600
    let blueprint = CertificateBlueprint(
      commonName: wanted.commonName, purpose: wanted.purpose, names: wanted.names,
      notBefore: start, notAfter: start + Self.validDays * 86_400)
    do throws(CryptoError) {
      let key = try PrivateKey.generate(wanted.kind, library: library)
      let certificate = try blueprint.issue(
        for: key, by: signer.map { ($0.certificate, $0.key) }, library: library)
      return Pair(
        name: wanted.name, certificate: certificate, key: key, predecessor: old?.key)
    } catch { throw .crypto(error) }
  }
}
