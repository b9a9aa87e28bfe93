// Why a certificate and its key cannot be used, as Control reports it. The pair in use stays in
// use.

import OpenSSL

package enum CertificateError: Error, Equatable, Sendable {
  /// A file cannot be read.
  case file(path: String, FileError)
  /// A part cannot be parsed, or is of a kind that is not used here.
  case unreadable(CryptoError)
  /// The key is not the one of the certificate.
  case mismatch

  /// A stable token for logs and metrics.
  package var reason: String {
    switch self {
    case .file: "certificate_file_unreadable"
    case .unreadable(let error): error.reason.rawValue
    case .mismatch: "key_does_not_match"
    }
  }

  /// The whole reason in words.
  package var text: String {
    switch self {
    case .file(let path, let error): "\(path): \(error.text)"
    case .unreadable(let error): error.text
    case .mismatch: "the private key does not belong to the certificate"
    }
  }
}
