// Short keyed digests of long text, for tables in one worker's memory: SipHash-2-4 with 16 bytes.

import Bytes
import COpenSSL

/// A digest under a secret that no one outside the worker knows: equal digests mean equal text, but
/// for one chance in 2^128 for each try. It costs a tenth of SHA-256.
@safe package final class KeyedDigest {
  package struct Value: Hashable, Sendable {
    package fileprivate(set) var high: UInt64 = 0
    package fileprivate(set) var low: UInt64 = 0
  }

  private let library: LibraryContext
  private let state: OpaquePointer
  private let key: (UInt64, UInt64)

  package init(library: LibraryContext) throws(CryptoError) {
    let random = try SecureRandom(library: library)
    guard let mac = unsafe EVP_MAC_fetch(library.pointer, "SIPHASH", nil) else {
      throw .taken(.digestFailed)
    }
    // The context keeps the algorithm that it was made with.
    defer { unsafe EVP_MAC_free(mac) }
    guard let state = unsafe EVP_MAC_CTX_new(mac) else { throw .taken(.digestFailed) }
    self.library = library
    unsafe self.state = state
    key = (random.next(), random.next())
  }

  deinit { unsafe EVP_MAC_CTX_free(state) }

  /// The digest of the bytes; nil when OpenSSL fails.
  package func digest(of bytes: Span<UInt8>) -> Value? {
    var words: (UInt64, UInt64) = (0, 0)
    var key = key
    // Key and output are two words of 16 bytes together.
    let isMade = unsafe bytes.withUnsafeBufferPointer { input in
      unsafe withUnsafeBytes(of: &key) { key in
        unsafe withUnsafeMutableBytes(of: &words) { output in
          unsafe co_siphash(
            state, key.baseAddress?.assumingMemoryBound(to: UInt8.self), input.baseAddress,
            input.count, output.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
      }
    }
    return isMade == 1 ? Value(high: words.0, low: words.1) : nil
  }
}
