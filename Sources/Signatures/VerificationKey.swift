// Keys that tokens are judged by, as values: read and checked once, then made anew by each worker.

import Bytes
import OpenSSL

/// One key, and what it may be used for.
package struct VerificationKey: Sendable {
  package enum Material: Sendable {
    /// A SubjectPublicKeyInfo in DER.
    case open([UInt8], PublicKey.Kind)
    case secret(KeyBytes)
  }

  /// Nil for a key that answers to any id.
  package let id: String?
  /// The only algorithm that it is for; nil for any that fits its kind.
  package let algorithm: JWSAlgorithm?
  package let material: Material

  /// Whether this is the key's id, byte for byte.
  func hasID(_ wanted: [UInt8]) -> Bool { id.map { $0.utf8.elementsEqual(wanted) } ?? false }

  /// Whether the key may judge by an algorithm. Kind and curve decide, and the key's own word: the
  /// token has no say.
  package func fits(_ wanted: JWSAlgorithm) -> Bool {
    if let algorithm, algorithm != wanted { return false }
    switch (material, wanted.means) {
    case (.open(_, let kind), .signature(let scheme)): return scheme.fits(kind)
    // RFC 7518 section 3.2: a key at least as long as the code.
    case (.secret(let bytes), .code(let digest)): return bytes.count >= digest.bytes
    default: return false
    }
  }
}

/// The keys of one identity.
package struct KeySet: Sendable {
  package let keys: [VerificationKey]
  /// Keys that cannot be used, and why, in words for the operator.
  package let skipped: [String]

  package init(keys: [VerificationKey], skipped: [String]) {
    self.keys = keys
    self.skipped = skipped
  }

  /// The public key in PEM text.
  package init(pem: Span<UInt8>, library: LibraryContext) throws(KeySetError) {
    do throws(CryptoError) {
      let key = try PublicKey.read(pem: pem, library: library)
      if let weakness = KeyStrength.weakness(of: key.kind, modulus: nil) {
        throw CryptoError(weakness)
      }
      self.init(
        keys: [
          VerificationKey(id: nil, algorithm: nil, material: .open(try key.encoded(), key.kind))
        ], skipped: [])
    } catch { throw KeySetError("the key cannot be used: \(error.text)") }
  }

  package init(secret: Span<UInt8>) {
    self.init(
      keys: [VerificationKey(id: nil, algorithm: nil, material: .secret(KeyBytes(secret)))],
      skipped: [])
  }
}

/// What is wrong with a set of keys, in words for the operator.
package struct KeySetError: Error, Equatable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }
}

/// Which keys are too weak to prove anything.
enum KeyStrength {
  /// Bits of an RSA modulus: below NIST SP 800-131A's 2048 it can be factored; above 8192 one
  /// signature costs milliseconds.
  static let rsaBits = 2048...8192

  /// Why the key is too weak; nil when it is not.
  /// - Parameter modulus: of an RSA key, big-endian, where it is at hand.
  static func weakness(of kind: PublicKey.Kind, modulus: [UInt8]?) -> CryptoError.Reason? {
    guard case .rsa(let bits) = kind else { return nil }
    if !rsaBits.contains(bits) { return .keyTooWeak }
    if let modulus, hasROCA(modulus) { return .keyTooWeak }
    return nil
  }

  /// Whether the modulus shows the mark of Infineon's flawed generator (CVE-2017-15361): modulo
  /// each of these primes it is a power of 65537.
  static func hasROCA(_ modulus: [UInt8]) -> Bool {
    let primes: [UInt32] = [
      3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
      101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ]
    return primes.allSatisfy { prime in
      let rest = modulus.reduce(UInt32(0)) { ($0 * 256 + UInt32($1)) % prime }
      var power: UInt32 = 1
      for _ in 0..<prime {
        if power == rest { return true }
        power = power * 65537 % prime
      }
      return false
    }
  }
}
