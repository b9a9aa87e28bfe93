// Whom an identity takes client certificates from: authorities, and lists of what they have taken
// back. The handshake verifies for a whole listener; this verifies for one identity, and again when
// its files have changed.

import COpenSSL
import OpenSSL

/// Revocation lists in PEM text, proved to be readable.
package struct RevocationBundle: Sendable, Equatable {
  let pem: [UInt8]

  package init(pem: [UInt8], library: LibraryContext) throws(CryptoError) {
    self.pem = pem
    _ = try RevocationList.all(
      in: pem.span, max: TLSLimits.revocationListsMax, library: library)
  }
}

/// A worker's authorities and revocation lists. Not `Sendable`.
@safe package final class ClientTrust {
  /// What became of a certificate.
  package enum Verdict: Equatable, Sendable {
    case trusted
    /// It does not end at one of the authorities: another identity may know it.
    case foreign
    case revoked
    /// Not yet valid, or not any more.
    case expired
    /// The lists do not say, or are themselves out of date: it may have been revoked.
    case unknownRevocation
    /// Not for TLS clients, or broken in some other way.
    case unfit
  }

  private let trust: TrustStore
  private let checksRevocation: Bool
  private let library: LibraryContext

  package init(
    _ authorities: AuthorityBundle, _ revocations: RevocationBundle?, library: LibraryContext
  ) throws(TLSSetupError) {
    self.library = library
    trust = try TrustStore(authorities, library: library)
    checksRevocation = revocations != nil
    guard let revocations else { return }
    let lists: [RevocationList]
    do {
      lists = try RevocationList.all(
        in: revocations.pem.span, max: TLSLimits.revocationListsMax, library: library)
    } catch {
      throw TLSSetupError(.authoritiesUnreadable, code: error.code)
    }
    for list in lists {
      // The store takes a reference of its own.
      guard unsafe X509_STORE_add_crl(trust.pointer, list.pointer) == 1 else {
        throw .taken(.authoritiesUnreadable)
      }
    }
  }

  /// Verifies a client's certificate.
  /// - Parameters:
  ///   - further: what the client sent with it, from the issuer upwards as far as it goes.
  ///   - seconds: since 1970; the time at which it is to be good.
  package func verdict(
    on leaf: Certificate, with further: [Certificate], at seconds: Int
  ) -> Verdict {
    guard let chain = unsafe co_chain_new() else { return .unfit }
    defer { unsafe co_chain_free(chain) }
    for certificate in further {
      // Borrowed by the chain, which does not outlive this call.
      guard unsafe co_chain_push(chain, certificate.pointer) == 1 else { return .unfit }
    }
    let code = unsafe co_verify_client(
      library.pointer, trust.pointer, leaf.pointer, chain, Int64(seconds),
      TLSLimits.chainDepthMax, checksRevocation ? 1 : 0)
    ErrorQueue.clear()
    return Self.verdict(code)
  }

  private static func verdict(_ code: Int32) -> Verdict {
    switch code {
    case X509_V_OK: .trusted
    case X509_V_ERR_CERT_REVOKED: .revoked
    case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: .expired
    case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
      X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
      .unknownRevocation
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      .foreign
    default: .unfit
    }
  }
}
