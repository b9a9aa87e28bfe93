// A private key, read or generated. It signs inside OpenSSL and leaves it only as PEM for a file or
// as wiped bytes.

import Bytes
import COpenSSL

/// A private key. Not `Sendable`: it belongs to the library context that it was made with.
@safe package final class PrivateKey {
  /// OpenSSL's handle. Valid as long as this object.
  @unsafe package let pointer: OpaquePointer
  package let kind: KeyKind

  /// Takes over one reference; nil, and freed, for a kind of key that TLS here does not use.
  private init?(owning pointer: OpaquePointer) {
    unsafe self.pointer = pointer
    guard let kind = unsafe KeyKind(key: pointer) else {
      unsafe EVP_PKEY_free(pointer)
      return nil
    }
    self.kind = kind
  }

  deinit { unsafe EVP_PKEY_free(pointer) }

  /// Generates a key: P-256 for ECDSA, 2048 bits for RSA. Blocks for up to a second with RSA.
  package static func generate(_ kind: KeyKind, library: LibraryContext)
    throws(CryptoError) -> PrivateKey
  {
    let made: OpaquePointer?
    switch kind {
    case .ecdsa: unsafe made = co_generate_p256(library.pointer)
    case .rsa: unsafe made = co_generate_rsa(library.pointer, 2048)
    case .ed25519: throw CryptoError(.keyKindUnsupported)
    }
    guard let made = unsafe made else { throw .taken(.generationFailed) }
    guard let key = unsafe PrivateKey(owning: made) else { throw CryptoError(.keyKindUnsupported) }
    return key
  }

  /// Reads the first private key in PEM text. An encrypted one is refused: nobody is there to type
  /// a passphrase.
  package static func read(pem: Span<UInt8>, library: LibraryContext)
    throws(CryptoError) -> PrivateKey
  {
    var isEncrypted: Int32 = 0
    let read = unsafe try MemoryBIO.read(pem, orThrow: .keyUnreadable) { bio in
      unsafe co_read_key(bio, library.pointer, &isEncrypted)
    }
    guard let read = unsafe read else {
      throw .taken(isEncrypted == 1 ? .keyEncrypted : .keyUnreadable)
    }
    ErrorQueue.clear()
    guard let key = unsafe PrivateKey(owning: read) else { throw CryptoError(.keyKindUnsupported) }
    return key
  }

  /// Reads a key from bytes that `bytes()` gave, perhaps under another library context.
  package static func read(_ bytes: KeyBytes, library: LibraryContext)
    throws(CryptoError) -> PrivateKey
  {
    let read = unsafe bytes.withUnsafeBytes { raw in
      // The count is the memory's own; the decoder copies what it keeps.
      unsafe co_decode_key(
        library.pointer, raw.baseAddress?.assumingMemoryBound(to: UInt8.self), raw.count)
    }
    guard let read = unsafe read else { throw .taken(.keyUnreadable) }
    ErrorQueue.clear()
    guard let key = unsafe PrivateKey(owning: read) else { throw CryptoError(.keyKindUnsupported) }
    return key
  }

  /// The key in DER, to be read by another library context.
  package func bytes() throws(CryptoError) -> KeyBytes {
    var start: UnsafeMutablePointer<UInt8>?
    let count = unsafe Int(i2d_PrivateKey(pointer, &start))
    guard count > 0, let start = unsafe start else { throw .taken(.keyUnreadable) }
    defer { unsafe CRYPTO_clear_free(start, count, nil, 0) }
    // OpenSSL allocated `count` bytes, which are wiped above once they are copied.
    return unsafe KeyBytes(Span(_unsafeStart: start, count: count))
  }

  /// The key as unencrypted PKCS #8 in PEM text.
  package func pem() throws(CryptoError) -> [UInt8] {
    unsafe try MemoryBIO.write(orThrow: .keyUnreadable) { bio in
      unsafe PEM_write_bio_PKCS8PrivateKey(bio, pointer, nil, nil, 0, nil, nil) == 1
    }
  }
}
