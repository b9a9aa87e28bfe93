// A worker's store of trusted authorities, built once from a bundle and shared by its contexts.

import COpenSSL
import OpenSSL

/// Trusted authorities in OpenSSL's form. Not `Sendable`.
@safe package final class TrustStore {
  let pointer: OpaquePointer
  let certificates: [Certificate]

  package init(_ bundle: AuthorityBundle, library: LibraryContext) throws(TLSSetupError) {
    do {
      certificates = try PEM.certificates(
        in: bundle.pem.span, max: TLSLimits.bundleCountMax, library: library)
    } catch {
      throw TLSSetupError(.authoritiesUnreadable, code: error.code)
    }
    guard let store = unsafe X509_STORE_new() else { throw .taken(.outOfMemory) }
    for certificate in certificates {
      guard unsafe X509_STORE_add_cert(store, certificate.pointer) == 1 else {
        unsafe X509_STORE_free(store)
        throw .taken(.authoritiesUnreadable)
      }
    }
    unsafe pointer = store
  }

  deinit { unsafe X509_STORE_free(pointer) }
}
