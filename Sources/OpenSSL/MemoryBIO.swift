// OpenSSL reads and writes PEM through a BIO: here one over memory, which lives for one call.

import COpenSSL

enum MemoryBIO {
  /// Lets `body` read the bytes through a BIO.
  static func read<R>(
    _ bytes: Span<UInt8>, orThrow reason: CryptoError.Reason, _ body: (OpaquePointer) -> R
  ) throws(CryptoError) -> R {
    guard let count = Int32(exactly: bytes.count) else { throw CryptoError(reason) }
    return unsafe try bytes.withUnsafeBytes { raw throws(CryptoError) in
      // The BIO only reads, and is freed before the bytes can go away.
      guard let bio = unsafe BIO_new_mem_buf(raw.baseAddress, count) else { throw .taken(reason) }
      defer { unsafe BIO_free(bio) }
      return unsafe body(bio)
    }
  }

  /// What `body` wrote through a BIO.
  static func write(orThrow reason: CryptoError.Reason, _ body: (OpaquePointer) -> Bool)
    throws(CryptoError) -> [UInt8]
  {
    guard let bio = unsafe BIO_new(BIO_s_secmem()) else { throw .taken(reason) }
    defer { unsafe BIO_free(bio) }
    guard unsafe body(bio) else { throw .taken(reason) }
    var start: UnsafeMutablePointer<CChar>?
    let count = unsafe co_bio_bytes(bio, &start)
    guard count > 0, let start = unsafe start else { throw .taken(reason) }
    // The bytes are the BIO's, and are copied before it is freed.
    return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }
}
