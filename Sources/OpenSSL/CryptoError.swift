// What OpenSSL reports when an operation fails, as a small value that is put into words only when
// read. It is not about connections: TLS has an error of its own.

import COpenSSL

/// A failed cryptographic operation.
package struct CryptoError: Error, Equatable, Sendable {
  /// What failed, as a stable token.
  package enum Reason: String, Sendable {
    case libraryUnavailable = "crypto_library_unavailable"
    case randomUnavailable = "random_unavailable"
    case digestFailed = "digest_failed"
    case certificateUnreadable = "certificate_unreadable"
    case certificateMissing = "certificate_missing"
    case certificateTooLarge = "certificate_too_large"
    case nameUnreadable = "certificate_name_unreadable"
    case revocationsUnreadable = "revocation_list_unreadable"
    case keyUnreadable = "key_unreadable"
    case keyEncrypted = "key_encrypted"
    case keyKindUnsupported = "key_kind_unsupported"
    case keyTooWeak = "key_too_weak"
    case generationFailed = "generation_failed"
    case fileUnwritable = "file_unwritable"
  }

  package let reason: Reason
  /// OpenSSL's packed error code, or 0 when it gave none.
  package let code: UInt

  package init(_ reason: Reason, code: UInt = 0) {
    self.reason = reason
    self.code = code
  }

  /// The reason with OpenSSL's own words, for logs and diagnostics.
  package var text: String {
    let words = ErrorQueue.text(code)
    return words.isEmpty ? reason.rawValue : "\(reason.rawValue): \(words)"
  }

  /// The failure that OpenSSL just reported on this thread. Empties its queue.
  static func taken(_ reason: Reason) -> CryptoError {
    CryptoError(reason, code: ErrorQueue.take())
  }
}
