// Certificates in PEM text (RFC 7468), as files hold them.

import COpenSSL

package enum PEM {
  /// Reads every certificate of the text, in its order. Throws when there is none, when one cannot
  /// be read, or when there are more than `max`: a half-read bundle is not a bundle.
  package static func certificates(in text: Span<UInt8>, max: Int, library: LibraryContext)
    throws(CryptoError) -> [Certificate]
  {
    var certificates: [Certificate] = []
    let outcome = unsafe try MemoryBIO.read(text, orThrow: .certificateUnreadable) {
      bio -> CryptoError? in
      while true {
        var isEnd: Int32 = 0
        guard let read = unsafe co_read_certificate(bio, library.pointer, &isEnd) else {
          return isEnd == 1 ? nil : .taken(.certificateUnreadable)
        }
        guard certificates.count < max else {
          unsafe X509_free(read)
          return CryptoError(.certificateTooLarge)
        }
        unsafe certificates.append(Certificate(owning: read))
      }
    }
    ErrorQueue.clear()
    if let outcome { throw outcome }
    guard !certificates.isEmpty else { throw CryptoError(.certificateMissing) }
    return certificates
  }
}
