// One OpenSSL library context: providers, random state and fetched algorithms of one worker.
// OpenSSL 3.0 takes shared locks inside a context, so that workers which share one slow each other
// down.

import COpenSSL

/// The algorithms that one worker uses, fetched once. Not `Sendable`: it stays with the worker that
/// made it.
@safe package final class LibraryContext {
  /// OpenSSL's handle, for the targets that wrap more of the library. Valid as long as this object.
  @unsafe package let pointer: OpaquePointer
  @unsafe package let sha256: OpaquePointer
  @unsafe package let hmac: OpaquePointer
  /// The cipher of session tickets.
  @unsafe package let aes256CBC: OpaquePointer

  /// Fails when OpenSSL or its default provider cannot be used.
  package init() throws(CryptoError) {
    guard Self.isStarted, let context = unsafe OSSL_LIB_CTX_new() else {
      throw .taken(.libraryUnavailable)
    }
    let digest = unsafe EVP_MD_fetch(context, "SHA256", nil)
    let mac = unsafe EVP_MAC_fetch(context, "HMAC", nil)
    let cipher = unsafe EVP_CIPHER_fetch(context, "AES-256-CBC", nil)
    guard let digest = unsafe digest, let mac = unsafe mac, let cipher = unsafe cipher else {
      unsafe EVP_MD_free(digest)
      unsafe EVP_MAC_free(mac)
      unsafe EVP_CIPHER_free(cipher)
      unsafe OSSL_LIB_CTX_free(context)
      throw .taken(.libraryUnavailable)
    }
    unsafe pointer = context
    unsafe sha256 = digest
    unsafe hmac = mac
    unsafe aes256CBC = cipher
  }

  deinit {
    unsafe EVP_MD_free(sha256)
    unsafe EVP_MAC_free(hmac)
    unsafe EVP_CIPHER_free(aes256CBC)
    unsafe OSSL_LIB_CTX_free(pointer)
  }

  /// Fills memory with random bytes from this context's generator, or fails.
  package func fillRandom(_ memory: UnsafeMutableRawBufferPointer) throws(CryptoError) {
    guard let base = memory.baseAddress else { return }
    // The count is the memory's own.
    guard unsafe RAND_bytes_ex(pointer, base, memory.count, 0) == 1 else {
      throw .taken(.randomUnavailable)
    }
  }

  /// Whether record buffers are kept per thread rather than returned to the heap each time. False
  /// when something in the process used OpenSSL earlier: all else is the same then.
  package static let keepsRecordBuffers = co_use_kept_blocks() == 1

  static let isStarted: Bool = {
    _ = keepsRecordBuffers
    return co_start() == 1
  }()
}
