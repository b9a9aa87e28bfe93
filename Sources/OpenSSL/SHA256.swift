// SHA-256 (FIPS 180-4) with the algorithm and its working memory kept from one use to the next.

import COpenSSL

/// A worker's SHA-256. Not `Sendable`.
@safe package final class SHA256 {
  private let library: LibraryContext
  private let state: OpaquePointer

  package init(library: LibraryContext) throws(CryptoError) {
    guard let state = unsafe EVP_MD_CTX_new() else { throw .taken(.digestFailed) }
    self.library = library
    unsafe self.state = state
  }

  deinit { unsafe EVP_MD_CTX_free(state) }

  /// The digest of the bytes.
  package func digest(of bytes: Span<UInt8>) throws(CryptoError) -> Digest256 {
    unsafe try bytes.withUnsafeBytes { input throws(CryptoError) in
      try unsafe Digest256(
        filledBy: { output in
          // The output is as long as this digest, and the input's count is its own.
          let target = unsafe output.baseAddress?.assumingMemoryBound(to: UInt8.self)
          guard unsafe EVP_DigestInit_ex2(state, library.sha256, nil) == 1,
            unsafe EVP_DigestUpdate(state, input.baseAddress, input.count) == 1
          else { return false }
          return unsafe EVP_DigestFinal_ex(state, target, nil) == 1
        }, orThrow: { .taken(.digestFailed) })
    }
  }
}
