// Judges the certificate of a connection: once per connection and identity, and again after a
// while, since certificates end and lists of revoked ones come.

import Configuration
import HTTPMessage
import OpenSSL
import PolicyChain
import TLS

/// A worker's verifier of one authority's certificates.
package final class MTLSVerifier: IdentityVerifier {
  /// Milliseconds for which a finding holds on its connection: how late an end or a revocation may
  /// be noticed that no file told.
  private static let findingHolds: UInt64 = 60_000

  package let label: IdentityLabel
  // No scheme is registered for certificates; a 401 has to name one all the same.
  package let challenge = Challenge(missing: "ClientCertificate")
  package let credentialFields: [String] = []
  package let assertedFields: [String]

  private let settings: MTLSIdentity.Settings
  private let claimHeaders: ClaimHeaders
  private let library: LibraryContext
  private let hash: SHA256
  /// Nil when what was read cannot be used: then nothing is proved.
  private var trust: ClientTrust?

  init(
    _ settings: MTLSIdentity.Settings, _ material: MTLSMaterial, _ context: VerifierContext
  ) throws(CredentialProblem) {
    self.settings = settings
    label = context.label
    library = context.library
    claimHeaders = ClaimHeaders(settings.claimHeaders)
    assertedFields = ["client-cert", "client-cert-chain"] + claimHeaders.names
    do throws(CryptoError) { hash = try SHA256(library: context.library) } catch {
      throw CredentialProblem(error.text)
    }
    do throws(TLSSetupError) {
      trust = try ClientTrust(
        material.authorities, material.revocations, library: context.library)
    } catch { throw CredentialProblem(error.text) }
  }

  package func adopt(_ material: any Sendable) {
    guard let material = material as? MTLSMaterial else {
      preconditionFailure("A verifier of certificates goes on with authorities.")
    }
    do throws(TLSSetupError) {
      trust = try ClientTrust(material.authorities, material.revocations, library: library)
    } catch {
      // The text was proved readable before it came here, so only memory can be short.
      trust = nil
    }
  }

  package func verify(_ exchange: Exchange) -> Proof {
    guard let certificate = exchange.connection?.certificate else { return .absent }
    guard let trust else { return .wrong(.authoritiesMissing) }
    let now = exchange.wallMilliseconds
    if let proof = certificate.proof(on: trust, at: now) { return proof }
    let proof = judge(certificate, by: trust, at: now)
    certificate.keep(proof, on: trust, until: now + Self.findingHolds)
    return proof
  }

  /// It stands in no field.
  package func conceal(in request: Request) throws(Failure) {}

  // MARK: One certificate

  private func judge(
    _ certificate: ClientCertificate, by trust: ClientTrust, at now: UInt64
  ) -> Proof {
    do throws(CryptoError) {
      let leaf = try Certificate(der: certificate.leaf, library: library)
      var further: [Certificate] = []
      for der in certificate.chain { further.append(try Certificate(der: der, library: library)) }
      switch trust.verdict(on: leaf, with: further, at: Int(clamping: now / 1000)) {
      case .trusted: return try prove(leaf, certificate)
      case .foreign: return .foreign
      case .revoked: return .wrong(.certificateRevoked)
      case .expired: return .wrong(.certificateExpired)
      case .unknownRevocation: return .wrong(.revocationUnknown)
      case .unfit: return .wrong(.certificateUnfit)
      }
    } catch { return .wrong(.certificateUnreadable) }
  }

  /// The caller, when the certificate is one of those that the identity means.
  private func prove(
    _ leaf: Certificate, _ certificate: ClientCertificate
  ) throws(CryptoError) -> Proof {
    let names = try leaf.names
    let subject = try leaf.subject
    let der = certificate.leaf
    let fingerprint = try hash.digest(of: der.span).hex
    guard isMeant(names, subject, fingerprint) else { return .declined(.certificateNotMeant) }
    let texts = names.compactMap(\.text)
    var claims: [String: ClaimValue] = [
      "subject": .text(subject), "fingerprint": .text(fingerprint),
      "serial": .text(try leaf.serial), "issuer": .text(try leaf.issuer),
    ]
    if !texts.isEmpty { claims["san"] = .list(texts.map { .text($0) }) }
    guard let fields = claimHeaders.rendered(.object(claims)) else {
      return .wrong(.claimUnfit)
    }
    let meant = names.first { name in settings.names.contains { $0.matches(name) } }
    return .proved(
      Principal(
        identity: label, subject: Array((meant?.text ?? texts.first ?? subject).utf8), scopes: [],
        roles: [], claims: .object(claims), fields: fields + forwarded(certificate)))
  }

  /// Of each kind of rule that there is, one must fit.
  private func isMeant(_ names: [CertificateName], _ subject: String, _ fingerprint: String)
    -> Bool
  {
    (settings.names.isEmpty
      || names.contains { name in settings.names.contains { $0.matches(name) } })
      && (settings.subjects.isEmpty || settings.subjects.contains { $0.matches(subject) })
      && (settings.fingerprints.isEmpty
        || settings.fingerprints.contains { $0.description == fingerprint })
  }

  /// RFC 9440 section 2: certificates as byte sequences of structured fields.
  private func forwarded(_ certificate: ClientCertificate) -> [(name: [UInt8], value: [UInt8])] {
    func item(_ der: [UInt8]) -> [UInt8] { Array(":".utf8) + Base64.encode(der) + Array(":".utf8) }
    guard settings.forwarding != .off else { return [] }
    let leaf = (Array("client-cert".utf8), item(certificate.leaf))
    guard settings.forwarding == .chain, !certificate.chain.isEmpty else { return [leaf] }
    let chain = Array(certificate.chain.map(item).joined(separator: Array(", ".utf8)))
    return [leaf, (Array("client-cert-chain".utf8), chain)]
  }
}

extension CertificateName {
  /// The name as text; addresses stand for no caller.
  fileprivate var text: String? {
    switch self {
    case .dns(let text), .uri(let text): text
    case .address: nil
    }
  }
}

extension DenyCause {
  fileprivate static let certificateRevoked = DenyCause("certificate_revoked")
  fileprivate static let certificateExpired = DenyCause("certificate_expired")
  /// None of the identity's rules fits; another identity's may.
  fileprivate static let certificateNotMeant = DenyCause("certificate_not_meant")
  /// No list in force speaks of it.
  fileprivate static let revocationUnknown = DenyCause("certificate_revocation_unknown")
  fileprivate static let certificateUnfit = DenyCause("certificate_unfit")
  fileprivate static let certificateUnreadable = DenyCause("certificate_unreadable")
  fileprivate static let claimUnfit = DenyCause("certificate_claim_unfit")
  fileprivate static let authoritiesMissing = DenyCause("certificate_authorities_missing")
}
