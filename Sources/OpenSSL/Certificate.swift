// An X.509 certificate (RFC 5280), read, written and asked about. Trust is decided elsewhere: by
// OpenSSL's verification during a handshake.

import Bytes
import COpenSSL

/// A parsed certificate. Not `Sendable`: it belongs to the library context that it was read with.
@safe package final class Certificate {
  /// OpenSSL's handle. Valid as long as this object.
  @unsafe package let pointer: OpaquePointer

  /// Takes over one reference.
  package init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe X509_free(pointer) }

  /// Reads one certificate in DER, with nothing behind it.
  package convenience init(der: [UInt8], library: LibraryContext) throws(CryptoError) {
    // The count is the array's own; the decoder copies what it keeps.
    let read = unsafe der.withUnsafeBufferPointer { bytes in
      unsafe co_decode_certificate(library.pointer, bytes.baseAddress, bytes.count)
    }
    guard let read = unsafe read else { throw .taken(.certificateUnreadable) }
    unsafe self.init(owning: read)
  }

  /// The certificate in DER.
  package var der: [UInt8] {
    get throws(CryptoError) {
      let count = unsafe Int(i2d_X509(pointer, nil))
      guard count > 0 else { throw .taken(.certificateUnreadable) }
      return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
        // The first call gave the size, and the second writes just that much.
        var target = buffer.baseAddress
        written = unsafe max(0, Int(i2d_X509(pointer, &target)))
      }
    }
  }

  /// The certificate as PEM text.
  package func pem() throws(CryptoError) -> [UInt8] {
    unsafe try MemoryBIO.write(orThrow: .certificateUnreadable) { bio in
      unsafe PEM_write_bio_X509(bio, pointer) == 1
    }
  }

  /// Seconds since 1970 from which the certificate is valid.
  package var notBefore: Int {
    get throws(CryptoError) { try unsafe Self.seconds(X509_get0_notBefore(pointer)) }
  }

  /// Seconds since 1970 until which the certificate is valid.
  package var notAfter: Int {
    get throws(CryptoError) { try unsafe Self.seconds(X509_get0_notAfter(pointer)) }
  }

  private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(CryptoError) -> Int {
    var isRead: Int32 = 0
    let seconds = unsafe co_seconds(time, &isRead)
    guard isRead == 1 else { throw .taken(.certificateUnreadable) }
    return Int(seconds)
  }

  /// Whether the private key is the one whose public half the certificate holds.
  package func matches(_ key: PrivateKey) -> Bool {
    let isMatch = unsafe X509_check_private_key(pointer, key.pointer) == 1
    ErrorQueue.clear()
    return isMatch
  }

  /// Whether the certificate was signed with that key. It says nothing about names, dates or trust.
  package func isSigned(by key: PrivateKey) -> Bool {
    let isSigned = unsafe X509_verify(pointer, key.pointer) == 1
    ErrorQueue.clear()
    return isSigned
  }

  /// The kind of the public key, nil for one that TLS servers here do not use.
  package var keyKind: KeyKind? {
    guard let key = unsafe X509_get0_pubkey(pointer) else {
      ErrorQueue.clear()
      return nil
    }
    return unsafe KeyKind(key: key)
  }
}
