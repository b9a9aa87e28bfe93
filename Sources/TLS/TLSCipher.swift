// The cipher suites that are offered and accepted: Mozilla's intermediate profile without
// finite-field DHE, so that every one has forward secrecy and authenticated encryption.

/// A negotiated suite, by its IANA number.
package enum TLSCipher: UInt16, Sendable, CaseIterable {
  case aes128 = 0x1301
  case aes256 = 0x1302
  case chaCha20 = 0x1303
  case ecdheECDSAWithAES128 = 0xC02B
  case ecdheECDSAWithAES256 = 0xC02C
  case ecdheRSAWithAES128 = 0xC02F
  case ecdheRSAWithAES256 = 0xC030
  case ecdheRSAWithChaCha20 = 0xCCA8
  case ecdheECDSAWithChaCha20 = 0xCCA9

  /// OpenSSL's list for TLS 1.2, in the order that clients are offered.
  static let listTLS12: StaticString = """
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
    ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
    """

  /// OpenSSL's list for TLS 1.3.
  static let listTLS13: StaticString =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

  /// Key exchange groups. OpenSSL's own list has more than the profile allows.
  static let groups: StaticString = "X25519:P-256:P-384"

  /// The name for logs and metrics, as IANA has it.
  package var name: StaticString {
    switch self {
    case .aes128: "TLS_AES_128_GCM_SHA256"
    case .aes256: "TLS_AES_256_GCM_SHA384"
    case .chaCha20: "TLS_CHACHA20_POLY1305_SHA256"
    case .ecdheECDSAWithAES128: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    case .ecdheECDSAWithAES256: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    case .ecdheRSAWithAES128: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    case .ecdheRSAWithAES256: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    case .ecdheRSAWithChaCha20: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
    case .ecdheECDSAWithChaCha20: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    }
  }
}
