// Why a connection's TLS ended. A small value without text: an attacker's failed handshakes make no
// strings.

import OpenSSL

/// The end of a session, other than a clean close.
package struct TLSError: Error, Equatable, Sendable {
  /// A stable token for logs, metrics and problem documents.
  package enum Reason: String, Sendable, CaseIterable {
    case handshakeFailed = "handshake_failed"
    case protocolVersion = "protocol_version"
    case notTLS = "not_tls"
    case plainHTTP = "http_on_tls_port"
    case noSharedCipher = "no_shared_cipher"
    case noSharedGroup = "no_shared_group"
    case noSharedSignature = "no_shared_signature"
    case noApplicationProtocol = "no_application_protocol"
    case unknownServerName = "unknown_sni"
    case certificateRequired = "certificate_required"
    case certificateExpired = "certificate_expired"
    case certificateNotYetValid = "certificate_not_yet_valid"
    case certificateUntrusted = "certificate_untrusted"
    case certificateNameMismatch = "certificate_name_mismatch"
    case certificatePurpose = "certificate_purpose"
    case certificateRevoked = "certificate_revoked"
    case certificateInvalid = "certificate_invalid"
    case messageTooLarge = "handshake_message_too_large"
    case badRecord = "bad_record"
    case peerAlert = "peer_alert"
    case peerClosed = "peer_closed"
    case truncated = "tls_truncated"
    case inputOverflow = "tls_input_overflow"
    case outputOverflow = "tls_output_overflow"
    case outOfMemory = "out_of_memory"
  }

  package let reason: Reason
  /// OpenSSL's packed error code, or 0.
  package let code: UInt
  /// The alert that the peer sent (RFC 8446 section 6), when that ended the session.
  package let alert: UInt8?

  package init(_ reason: Reason, code: UInt = 0, alert: UInt8? = nil) {
    self.reason = reason
    self.code = code
    self.alert = alert
  }

  /// Whether the peer's certificate is what was refused.
  package var isAboutCertificate: Bool {
    switch reason {
    case .certificateExpired, .certificateNotYetValid, .certificateUntrusted,
      .certificateNameMismatch, .certificatePurpose, .certificateRevoked, .certificateInvalid:
      true
    default: false
    }
  }

  /// The reason with OpenSSL's own words, for logs.
  package var text: String {
    let words = ErrorQueue.text(code)
    return words.isEmpty ? reason.rawValue : "\(reason.rawValue): \(words)"
  }
}
