// HMAC-SHA-256 (RFC 2104) under one key, prepared once.

import COpenSSL

/// A keyed digest of one worker. Not `Sendable`; the key lives in OpenSSL's memory, which wipes it.
@safe package final class HMACSHA256 {
  private let library: LibraryContext
  private let state: OpaquePointer

  /// The key may have any length from 1 byte.
  package init(key: Span<UInt8>, library: LibraryContext) throws(CryptoError) {
    guard let state = unsafe EVP_MAC_CTX_new(library.hmac) else { throw .taken(.digestFailed) }
    let isReady = unsafe key.withUnsafeBufferPointer { bytes in
      unsafe !bytes.isEmpty && co_hmac_start(state, bytes.baseAddress, bytes.count) == 1
    }
    guard isReady else {
      unsafe EVP_MAC_CTX_free(state)
      throw .taken(.digestFailed)
    }
    self.library = library
    unsafe self.state = state
  }

  deinit { unsafe EVP_MAC_CTX_free(state) }

  /// The code that authenticates the bytes. Compare codes with `==`, which takes constant time.
  package func code(for bytes: Span<UInt8>) throws(CryptoError) -> Digest256 {
    unsafe try bytes.withUnsafeBufferPointer { input throws(CryptoError) in
      try unsafe Digest256(
        filledBy: { output in
          let target = unsafe output.baseAddress?.assumingMemoryBound(to: UInt8.self)
          var count = 0
          // Without a key the context starts again with the one it has; the output is 32 bytes
          // long.
          guard unsafe EVP_MAC_init(state, nil, 0, nil) == 1,
            unsafe EVP_MAC_update(state, input.baseAddress, input.count) == 1
          else { return false }
          return unsafe EVP_MAC_final(state, target, &count, output.count) == 1
        }, orThrow: { .taken(.digestFailed) })
    }
  }
}
