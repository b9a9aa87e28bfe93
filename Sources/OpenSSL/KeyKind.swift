// The kinds of key that certificates here may have. A client chooses among a server's certificates
// by kind.

import COpenSSL

package enum KeyKind: String, Sendable, CaseIterable {
  case ecdsa
  case rsa
  case ed25519

  /// The kind of OpenSSL's key, nil for any other.
  init?(key: OpaquePointer) {
    switch unsafe EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_EC: self = .ecdsa
    case EVP_PKEY_RSA: self = .rsa
    case EVP_PKEY_ED25519: self = .ed25519
    default: return nil
    }
  }
}
