// What server and client contexts have in common: OpenSSL's SSL_CTX with the safe defaults of
// docs/hardening.md's TLS row.

import COpenSSL
import OpenSSL

/// Owns one SSL_CTX.
@safe final class SSLContext {
  let pointer: OpaquePointer

  init(
    method: OpaquePointer?, minimumVersion: TLSVersion, owner: UnsafeMutableRawPointer,
    library: LibraryContext
  ) throws(TLSSetupError) {
    guard let context = unsafe SSL_CTX_new_ex(library.pointer, nil, method) else {
      throw .taken(.outOfMemory)
    }
    unsafe pointer = context
    guard unsafe Self.configure(context, minimumVersion, owner) else {
      throw .taken(.settingRefused)
    }
  }

  deinit { unsafe SSL_CTX_free(pointer) }

  private static func configure(
    _ context: OpaquePointer, _ minimumVersion: TLSVersion, _ owner: UnsafeMutableRawPointer
  ) -> Bool {
    // Idle sessions hold no record buffers; a record is given out as soon as it is written; the
    // span to write may move between calls; and no chain is built anew for each handshake.
    unsafe co_ctx_set_modes(context)
    unsafe SSL_CTX_set_options(context, sslOptions)
    // 112 bits: RSA from 2048 bits, no SHA-1 signatures.
    unsafe SSL_CTX_set_security_level(context, 2)
    // The SSL_CTX's own data slot leads callbacks that have no argument back to the Swift object.
    return unsafe SSL_CTX_set_ex_data(context, 0, owner) == 1
      && co_ctx_set_min_version(context, Int32(minimumVersion.rawValue)) == 1
      && co_ctx_set_max_version(context, TLS1_3_VERSION) == 1
      && SSL_CTX_set_cipher_list(context, text(TLSCipher.listTLS12)) == 1
      && SSL_CTX_set_ciphersuites(context, text(TLSCipher.listTLS13)) == 1
      && co_ctx_set_groups(context, text(TLSCipher.groups)) == 1
  }

  // OpenSSL's option bits are macros of a 64-bit shift, which Swift does not import.
  private static var sslOptions: UInt64 {
    co_option_no_compression() | co_option_no_renegotiation() | co_option_server_order()
  }

  // A static string ends in a NUL and lives as long as the process.
  private static func text(_ string: StaticString) -> UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(string.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  /// Loads a chain and its key. They become the ones for the key's kind.
  func use(_ pair: CertificatePair, library: LibraryContext) throws(TLSSetupError) {
    var certificates: [Certificate] = []
    do {
      for der in pair.chain { certificates.append(try Certificate(der: der, library: library)) }
    } catch {
      throw TLSSetupError(.certificateUnusable, code: error.code)
    }
    let key: PrivateKey
    do {
      key = try PrivateKey.read(pair.key, library: library)
    } catch {
      throw TLSSetupError(.keyUnusable, code: error.code)
    }
    guard let leaf = certificates.first,
      unsafe SSL_CTX_use_certificate(pointer, leaf.pointer) == 1
    else { throw .taken(.certificateUnusable) }
    guard unsafe SSL_CTX_use_PrivateKey(pointer, key.pointer) == 1,
      unsafe SSL_CTX_check_private_key(pointer) == 1
    else { throw .taken(.keyMismatch) }
    for certificate in certificates.dropFirst() {
      guard unsafe co_ctx_add_chain(pointer, certificate.pointer) == 1 else {
        throw .taken(.certificateUnusable)
      }
    }
  }

  /// Verifies peers against a store, for one purpose of their certificates.
  func verify(
    _ mode: Int32, against trust: TrustStore, purpose: Int32, chainBytesMax: Int
  ) throws(TLSSetupError) {
    unsafe SSL_CTX_set_verify(pointer, mode, nil)
    unsafe SSL_CTX_set_verify_depth(pointer, TLSLimits.chainDepthMax)
    unsafe co_ctx_set_cert_list_max(pointer, chainBytesMax)
    guard unsafe SSL_CTX_set_purpose(pointer, purpose) == 1,
      unsafe co_ctx_set_verify_store(pointer, trust.pointer) == 1
    else { throw .taken(.settingRefused) }
  }
}
