// From OpenSSL's error codes and verification results to our reasons. Codes, never texts.

import COpenSSL
import OpenSSL

extension TLSError {
  /// The failure that OpenSSL just reported for the session. Empties the error queue.
  static func taken(for ssl: OpaquePointer, isHandshaking: Bool) -> TLSError {
    let code = ErrorQueue.take()
    guard code != 0 else { return TLSError(isHandshaking ? .handshakeFailed : .badRecord) }
    guard co_error_library(code) == ERR_LIB_SSL else {
      // A record that cannot be decrypted is reported by the cipher's library.
      return TLSError(isHandshaking ? .handshakeFailed : .badRecord, code: code)
    }
    let number = co_error_reason(code)
    if number == SSL_R_CERTIFICATE_VERIFY_FAILED {
      return TLSError(unsafe verification(SSL_get_verify_result(ssl)), code: code)
    }
    // Alerts of the peer are reported as 1000 and the alert's number.
    if number >= SSL_AD_REASON_OFFSET, let alert = UInt8(exactly: number - SSL_AD_REASON_OFFSET) {
      return TLSError(alertReason(alert), code: code, alert: alert)
    }
    return TLSError(reason(number) ?? (isHandshaking ? .handshakeFailed : .badRecord), code: code)
  }

  private static func alertReason(_ alert: UInt8) -> Reason {
    switch Int32(alert) {
    case SSL3_AD_HANDSHAKE_FAILURE: .handshakeFailed
    case TLS1_AD_PROTOCOL_VERSION: .protocolVersion
    case TLS1_AD_UNRECOGNIZED_NAME: .unknownServerName
    case TLS1_AD_NO_APPLICATION_PROTOCOL: .noApplicationProtocol
    case TLS13_AD_CERTIFICATE_REQUIRED: .certificateRequired
    default: .peerAlert
    }
  }

  private static func reason(_ number: Int32) -> Reason? {
    switch number {
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE,
      SSL_R_UNKNOWN_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_INAPPROPRIATE_FALLBACK:
      .protocolVersion
    case SSL_R_WRONG_VERSION_NUMBER: .notTLS
    case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: .plainHTTP
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_CIPHERS_SPECIFIED, SSL_R_NO_CIPHERS_AVAILABLE:
      .noSharedCipher
    case SSL_R_NO_SHARED_GROUPS, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_GROUPS:
      .noSharedGroup
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
      .noSharedSignature
    case SSL_R_NO_APPLICATION_PROTOCOL: .noApplicationProtocol
    // Only the callback that chooses by server name reports this way.
    case SSL_R_CALLBACK_FAILED: .unknownServerName
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: .certificateRequired
    case SSL_R_EXCESSIVE_MESSAGE_SIZE: .messageTooLarge
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_R_BAD_RECORD_TYPE,
      SSL_R_ENCRYPTED_LENGTH_TOO_LONG, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_DATA_LENGTH_TOO_LONG:
      .badRecord
    default: nil
    }
  }

  private static func verification(_ result: Int) -> Reason {
    switch Int32(truncatingIfNeeded: result) {
    case X509_V_ERR_CERT_HAS_EXPIRED: .certificateExpired
    case X509_V_ERR_CERT_NOT_YET_VALID: .certificateNotYetValid
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED,
      X509_V_ERR_INVALID_CA, X509_V_ERR_CERT_CHAIN_TOO_LONG:
      .certificateUntrusted
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .certificateNameMismatch
    case X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_CERT_REJECTED: .certificatePurpose
    case X509_V_ERR_CERT_REVOKED: .certificateRevoked
    default: .certificateInvalid
    }
  }
}
