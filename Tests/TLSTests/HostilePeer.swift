// What a real client may do and ours never does: other versions, ciphers, groups, renegotiation.

import COpenSSL
import OpenSSL

@testable import TLS

struct HostileSetupFailed: Error {}

extension TLSClientContext {
  private func check(_ isSet: Bool) throws {
    if !isSet { throw HostileSetupFailed() }
  }

  func limit(to version: TLSVersion) throws {
    try check(unsafe co_ctx_set_max_version(pointer, Int32(version.rawValue)) == 1)
  }

  func offer(ciphers: String) throws {
    unsafe SSL_CTX_set_security_level(pointer, 0)
    try check(unsafe SSL_CTX_set_cipher_list(pointer, ciphers) == 1)
  }

  func offer(ciphersTLS13 list: String) throws {
    try check(unsafe SSL_CTX_set_ciphersuites(pointer, list) == 1)
  }

  func offer(groups: String) throws {
    try check(unsafe co_ctx_set_groups(pointer, groups) == 1)
  }

  func offer(signatures: String) throws {
    try check(unsafe co_ctx_set_signatures(pointer, signatures) == 1)
  }

  func allowRenegotiation() {
    unsafe SSL_CTX_clear_options(pointer, co_option_no_renegotiation())
  }
}

extension TLSSession {
  /// Whether the session could send early data on a resumption, or compresses.
  var mayCompressOrSendEarly: Bool {
    let session = unsafe SSL_get_session(ssl)
    return unsafe SSL_SESSION_get_max_early_data(session) != 0
      || SSL_get_current_compression(ssl) != nil
  }

  /// Starts a new handshake inside the session.
  func askForRenegotiation() {
    _ = unsafe SSL_renegotiate(ssl)
    beginWriting()
    _ = run(nil) { unsafe SSL_do_handshake(ssl) }
    ErrorQueue.clear()
  }

  /// Asks the peer for new keys. RFC 8446 section 4.6.3.
  func askForKeyUpdate() {
    _ = unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
  }
}
