// Schemes of signatures as JOSE names them, and which keys may be used with which: RFC 7518, RFC
// 8037.

import Bytes
import COpenSSL

/// A digest by OpenSSL's name.
package enum DigestName: Sendable, Hashable {
  case sha256, sha384, sha512

  package var bytes: Int {
    switch self {
    case .sha256: 32
    case .sha384: 48
    case .sha512: 64
    }
  }

  var name: String {
    switch self {
    case .sha256: "SHA256"
    case .sha384: "SHA384"
    case .sha512: "SHA512"
    }
  }
}

/// A scheme with a public key.
package enum SignatureScheme: Sendable, Hashable {
  case rsaPKCS1(DigestName)
  case rsaPSS(DigestName)
  /// Each digest has its own curve: RFC 7518 section 3.4.
  case ecdsa(DigestName)
  case edwards

  package func fits(_ kind: PublicKey.Kind) -> Bool {
    switch (self, kind) {
    case (.rsaPKCS1, .rsa), (.rsaPSS, .rsa): true
    case (.ecdsa(.sha256), .p256), (.ecdsa(.sha384), .p384), (.ecdsa(.sha512), .p521): true
    case (.edwards, .ed25519), (.edwards, .ed448): true
    default: false
    }
  }

  var digest: DigestName? {
    switch self {
    case .rsaPKCS1(let digest), .rsaPSS(let digest), .ecdsa(let digest): digest
    case .edwards: nil
    }
  }

  var isPSS: Bool {
    if case .rsaPSS = self { true } else { false }
  }
}

/// Codes under a secret that both sides know.
package enum MessageCode {
  /// Whether the code is the message's HMAC under the key, compared in constant time.
  package static func isRight(
    _ code: Span<UInt8>, of message: Span<UInt8>, key: KeyBytes, digest: DigestName,
    library: LibraryContext
  ) -> Bool {
    defer { ErrorQueue.clear() }
    return unsafe key.withUnsafeBytes { key in
      unsafe code.withUnsafeBufferPointer { code in
        unsafe message.withUnsafeBufferPointer { message in
          unsafe co_hmac_is(
            library.pointer, digest.name, key.baseAddress?.assumingMemoryBound(to: UInt8.self),
            key.count, message.baseAddress, message.count, code.baseAddress, code.count) == 1
        }
      }
    }
  }
}
