// `identity NAME mtls`: clients that have proved in their TLS handshake whose they are.

import Configuration
import OpenSSL
import PolicyChain
import TLS

package enum MTLSIdentity {
  package enum Word: String, Sendable, CaseIterable {
    case mtls
  }

  /// What an upstream is told of the certificate. RFC 9440.
  package enum Forwarding: String, Sendable, CaseIterable {
    case off, leaf, chain
  }

  package struct Settings: Sendable {
    package var name = ""
    package var kind = Word.mtls
    package var authorityPath = ""
    package var revocationPath: String?
    package var names: [CertificateNamePattern] = []
    package var subjects: [SubjectPattern] = []
    package var fingerprints: [CertificateFingerprint] = []
    package var forwarding = Forwarding.off
    package var claimHeaders: [Named<[String]>] = []
  }

  /// Claims of a certificate that a field may carry.
  static let claims = ["subject", "san", "fingerprint", "serial", "issuer"]

  package static let manual = Manual<Settings>(
    directive: "identity", variant: "mtls",
    summary: "Client certificates that end at an authority; the listener must ask for them.",
    scopes: [.top], inheritance: .none, defines: .identity,
    arguments: [
      .value("name", \.name, .name, "Its name."),
      .enumeration("kind", \.kind, "The kind of credential."),
    ],
    defaults: Settings(),
    properties: [
      .path("ca", \.authorityPath, "Its authorities in PEM; read again when they change.")
        .required,
      .path(
        "crl", \.revocationPath,
        "What they have revoked, in PEM, one list for each; read again when it changes. With it,"
          + " a certificate that no list in force speaks of is refused."),
      .anyOf("san", \.names, of: .certificateName, "Names, one of which it must have."),
      .anyOf("subject", \.subjects, of: .subject, "Subjects, one of which it must have."),
      .anyOf("fingerprint", \.fingerprints, of: .fingerprint, "Certificates, one of which it is."),
      .enumeration(
        "forward", \.forwarding,
        "What upstreams are told: 'leaf' sends Client-Cert, 'chain' Client-Cert-Chain as well."),
      .family(
        "claim-header", \.claimHeaders, of: ValueType.text.literal,
        "A field for the upstream: one of \(claims.listed)."),
    ],
    examples: [
      Example(
        "devices with a name below one path",
        config: "identity device mtls ca=\"certs/devices-ca.pem\" "
          + "san=\"spiffe://example.com/device/*\""),
      Example(
        "one partner's machines, unless revoked; the upstream sees the certificate",
        config: "identity partner mtls ca=\"certs/partner-ca.pem\" crl=\"certs/partner.crl\" "
          + "subject=\"CN=*,O=Partner\" forward=leaf"),
    ],
    check: { ClaimHeaders.problems($0.claimHeaders, known: claims) })

  package static let kind = IdentityKind(
    manual, files: { [$0.authorityPath] + [$0.revocationPath].compactMap { $0 } },
    isOfHandshake: true, published: { _ in nil },
    read: { (_, files) throws(CredentialProblem) in try MTLSMaterial(files) },
    build: { (settings, material, context) throws(CredentialProblem) in
      try MTLSVerifier(settings, material, context)
    })
}

/// Authorities and revocation lists, as values that every worker makes its own of.
package struct MTLSMaterial: Sendable {
  let authorities: AuthorityBundle
  let revocations: RevocationBundle?

  /// - Parameter files: the authorities, and the lists when the identity has some.
  init(_ files: [CredentialFile]) throws(CredentialProblem) {
    guard let bundle = files.first else {
      preconditionFailure("An identity of certificates names its authorities.")
    }
    let library: LibraryContext
    do throws(CryptoError) { library = try LibraryContext() } catch {
      throw CredentialProblem(error.text)
    }
    do throws(TLSSetupError) {
      authorities = try AuthorityBundle(pem: bundle.bytes, library: library)
    } catch { throw CredentialProblem("\(bundle.path): \(error.text)") }
    guard let lists = files.dropFirst().first else {
      revocations = nil
      return
    }
    do throws(CryptoError) {
      revocations = try RevocationBundle(pem: lists.bytes, library: library)
    } catch { throw CredentialProblem("\(lists.path): \(error.text)") }
  }
}
