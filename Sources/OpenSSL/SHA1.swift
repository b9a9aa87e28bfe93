// SHA-1 (FIPS 180-4), for the one place where a protocol demands it and nothing rests on its
// strength: the answer of a WebSocket handshake.

import COpenSSL

package enum SHA1 {
  /// Bytes of a digest.
  package static let count = 20

  /// The digest of the bytes. Nil when the library has no SHA-1, as under a strict system policy.
  package static func digest(of bytes: Span<UInt8>) -> [UInt8]? {
    // Whatever touches the library first must have chosen where its memory comes from.
    guard LibraryContext.isStarted else { return nil }
    var output = [UInt8](repeating: 0, count: count)
    var written = 0
    // The library reads the span's bytes and writes as many as a digest has.
    let isDone = unsafe bytes.withUnsafeBytes { input in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe EVP_Q_digest(
          nil, "SHA1", nil, input.baseAddress, input.count, target.baseAddress, &written) == 1
      }
    }
    return isDone && written == count ? output : nil
  }
}
