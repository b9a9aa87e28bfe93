// Public keys that judge signatures. The key alone says which kind it is: nothing that a message
// claims can make an RSA key be used as anything else.

import Bytes
import COpenSSL

/// A public key. Not `Sendable`: it belongs to the library context that it was made with.
@safe package final class PublicKey {
  package enum Kind: Sendable, Hashable {
    case rsa(bits: Int)
    case p256, p384, p521
    case ed25519, ed448
  }

  package let kind: Kind
  private let library: LibraryContext
  private let pointer: OpaquePointer

  /// Takes over one reference; nil, and freed, for a kind of key that is not used here.
  private init?(owning pointer: OpaquePointer, _ library: LibraryContext) {
    unsafe self.pointer = pointer
    self.library = library
    guard let kind = unsafe Kind(pointer) else {
      unsafe EVP_PKEY_free(pointer)
      return nil
    }
    self.kind = kind
  }

  deinit { unsafe EVP_PKEY_free(pointer) }

  /// An RSA key of its modulus and exponent, both big-endian.
  package static func rsa(
    modulus: [UInt8], exponent: [UInt8], library: LibraryContext
  ) throws(CryptoError) -> PublicKey {
    guard let n = Int32(exactly: modulus.count), let e = Int32(exactly: exponent.count) else {
      throw CryptoError(.keyUnreadable)
    }
    // The counts are the arrays' own; the key copies what it keeps.
    let made = unsafe modulus.withUnsafeBufferPointer { modulus in
      unsafe exponent.withUnsafeBufferPointer { exponent in
        unsafe co_rsa_public(library.pointer, modulus.baseAddress, n, exponent.baseAddress, e)
      }
    }
    return unsafe try own(made, library)
  }

  /// A key on one of the NIST curves, of an uncompressed point: 4, x, y.
  package static func point(
    _ point: [UInt8], on kind: Kind, library: LibraryContext
  ) throws(CryptoError) -> PublicKey {
    guard let group = kind.group else { throw CryptoError(.keyKindUnsupported) }
    let made = unsafe point.withUnsafeBufferPointer { bytes in
      group.withUTF8Buffer { name in
        unsafe name.withMemoryRebound(to: CChar.self) { name in
          unsafe co_ec_public(library.pointer, name.baseAddress, bytes.baseAddress, bytes.count)
        }
      }
    }
    return unsafe try own(made, library)
  }

  /// A key on an Edwards curve, of its raw bytes.
  package static func raw(
    _ bytes: [UInt8], on kind: Kind, library: LibraryContext
  ) throws(CryptoError) -> PublicKey {
    guard kind == .ed25519 || kind == .ed448 else { throw CryptoError(.keyKindUnsupported) }
    let made = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe EVP_PKEY_new_raw_public_key_ex(
        library.pointer, kind == .ed25519 ? "ED25519" : "ED448", nil, bytes.baseAddress,
        bytes.count)
    }
    return unsafe try own(made, library)
  }

  /// The first public key in PEM text.
  package static func read(
    pem: Span<UInt8>, library: LibraryContext
  ) throws(CryptoError) -> PublicKey {
    let read = unsafe try MemoryBIO.read(pem, orThrow: .keyUnreadable) { bio in
      unsafe co_read_public(bio, library.pointer)
    }
    return unsafe try own(read, library)
  }

  /// A key from what `encoded` gave, perhaps under another library context.
  package static func read(
    encoded: [UInt8], library: LibraryContext
  ) throws(CryptoError) -> PublicKey {
    let read = unsafe encoded.withUnsafeBufferPointer { bytes in
      unsafe co_decode_public(library.pointer, bytes.baseAddress, bytes.count)
    }
    return unsafe try own(read, library)
  }

  private static func own(
    _ made: OpaquePointer?, _ library: LibraryContext
  ) throws(CryptoError) -> PublicKey {
    guard let made = unsafe made else { throw .taken(.keyUnreadable) }
    ErrorQueue.clear()
    guard let key = unsafe PublicKey(owning: made, library) else {
      throw CryptoError(.keyKindUnsupported)
    }
    return key
  }

  /// The key as a SubjectPublicKeyInfo in DER.
  package func encoded() throws(CryptoError) -> [UInt8] {
    var start: UnsafeMutablePointer<UInt8>?
    let count = unsafe Int(i2d_PUBKEY(pointer, &start))
    guard count > 0, let start = unsafe start else { throw .taken(.keyUnreadable) }
    defer { unsafe co_free_bytes(start) }
    // OpenSSL allocated `count` bytes, which are copied before they are freed.
    return unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  }

  /// Whether the signature of the message is this key's. Signatures of ECDSA are two numbers of the
  /// curve's size (RFC 7518 section 3.4). A scheme that does not fit the key is never right.
  package func verifies(
    _ signature: Span<UInt8>, of message: Span<UInt8>, by scheme: SignatureScheme
  ) -> Bool {
    defer { ErrorQueue.clear() }
    guard scheme.fits(kind) else { return false }
    // RFC 8017 section 8.1.2: OpenSSL would read a shorter one as if zeros stood in front.
    if case .rsa(let bits) = kind, signature.count != (bits + 7) / 8 { return false }
    guard let half = kind.coordinateBytes else { return judge(signature, message, scheme) }
    guard signature.count == 2 * half else { return false }
    var count: Int32 = 0
    let der = unsafe signature.withUnsafeBufferPointer { parts in
      // Both halves were just measured.
      unsafe co_ecdsa_der(parts.baseAddress, Int32(half), &count)
    }
    guard let der = unsafe der else { return false }
    defer { unsafe co_free_bytes(der) }
    let encoded = unsafe Span(_unsafeStart: UnsafePointer(der), count: Int(count))
    return judge(encoded, message, scheme)
  }

  private func judge(
    _ signature: Span<UInt8>, _ message: Span<UInt8>, _ scheme: SignatureScheme
  ) -> Bool {
    unsafe signature.withUnsafeBufferPointer { signature in
      unsafe message.withUnsafeBufferPointer { message in
        let isPSS: Int32 = scheme.isPSS ? 1 : 0
        guard let digest = scheme.digest else {
          return unsafe co_verify(
            library.pointer, pointer, nil, 0, signature.baseAddress, signature.count,
            message.baseAddress, message.count) == 1
        }
        return unsafe co_verify(
          library.pointer, pointer, digest.name, isPSS, signature.baseAddress, signature.count,
          message.baseAddress, message.count) == 1
      }
    }
  }
}

extension PublicKey.Kind {
  /// The kind of OpenSSL's key; nil for one that is not used here.
  init?(_ pointer: OpaquePointer) {
    if unsafe co_key_is(pointer, "RSA") == 1 {
      self = unsafe .rsa(bits: Int(EVP_PKEY_get_bits(pointer)))
    } else if unsafe co_key_is(pointer, "ED25519") == 1 {
      self = .ed25519
    } else if unsafe co_key_is(pointer, "ED448") == 1 {
      self = .ed448
    } else if unsafe co_key_has_group(pointer, "prime256v1") == 1 {
      self = .p256
    } else if unsafe co_key_has_group(pointer, "secp384r1") == 1 {
      self = .p384
    } else if unsafe co_key_has_group(pointer, "secp521r1") == 1 {
      self = .p521
    } else {
      return nil
    }
  }

  /// Bytes of one coordinate of a NIST curve.
  package var coordinateBytes: Int? {
    switch self {
    case .p256: 32
    case .p384: 48
    case .p521: 66
    case .rsa, .ed25519, .ed448: nil
    }
  }

  /// OpenSSL's name of the curve, which ends in a zero byte.
  fileprivate var group: StaticString? {
    switch self {
    case .p256: "prime256v1"
    case .p384: "secp384r1"
    case .p521: "secp521r1"
    case .rsa, .ed25519, .ed448: nil
    }
  }
}
