// Why a TLS context cannot be built from its settings. It concerns the configuration, never a peer.

import OpenSSL

package struct TLSSetupError: Error, Equatable, Sendable {
  /// A stable token for diagnostics.
  package enum Reason: String, Sendable {
    case settingRefused = "tls_setting_refused"
    case certificateUnusable = "certificate_unusable"
    case keyUnusable = "key_unusable"
    case keyMismatch = "key_does_not_match"
    case duplicateCertificate = "duplicate_certificate"
    case noCertificate = "no_certificate"
    case authoritiesUnreadable = "authorities_unreadable"
    case serverNameInvalid = "server_name_invalid"
    case outOfMemory = "out_of_memory"
  }

  package let reason: Reason
  /// OpenSSL's packed error code, or 0.
  package let code: UInt

  package init(_ reason: Reason, code: UInt = 0) {
    self.reason = reason
    self.code = code
  }

  static func taken(_ reason: Reason) -> TLSSetupError {
    TLSSetupError(reason, code: ErrorQueue.take())
  }

  /// The reason with OpenSSL's own words.
  package var text: String {
    let words = ErrorQueue.text(code)
    return words.isEmpty ? reason.rawValue : "\(reason.rawValue): \(words)"
  }
}
