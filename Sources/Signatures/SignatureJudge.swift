// Judges the signatures of tokens by a set of keys. Algorithms come from the config and the keys,
// never from the token: RFC 8725 sections 3.1 and 3.2.

import Bytes
import OpenSSL

/// A worker's keys of one identity.
package final class SignatureJudge {
  /// Keys without an id that one token is tried with.
  private static let triesMax = 8

  private struct Key {
    let description: VerificationKey
    let open: PublicKey?
  }

  private let keys: [Key]
  private let algorithms: Set<JWSAlgorithm>
  private let library: LibraryContext

  /// - Parameter algorithms: all that are taken; a token that names another is refused.
  package init(
    _ set: KeySet, algorithms: Set<JWSAlgorithm>, library: LibraryContext
  ) throws(CryptoError) {
    var keys: [Key] = []
    for key in set.keys {
      switch key.material {
      case .secret: keys.append(Key(description: key, open: nil))
      case .open(let encoded, _):
        let open = try PublicKey.read(encoded: encoded, library: library)
        keys.append(Key(description: key, open: open))
      }
    }
    self.keys = keys
    self.algorithms = algorithms
    self.library = library
  }

  /// Throws when the token's signature is not one of these keys'.
  /// - Parameter text: the text that the token was read from.
  package func judge(_ token: CompactJWS, _ text: Span<UInt8>) throws(JWSError) {
    guard let algorithm = JWSAlgorithm(rawValue: token.algorithm),
      algorithms.contains(algorithm)
    else { throw .algorithm }
    let candidates = candidates(for: token, algorithm)
    guard !candidates.isEmpty else { throw .unknownKey }
    let message = text.extracting(token.signingInput)
    for key in candidates where isRight(token, message, algorithm, key) { return }
    throw .signature
  }

  /// The keys of the token's id; without one, all that fit. Keys that have no id answer to any.
  private func candidates(for token: CompactJWS, _ algorithm: JWSAlgorithm) -> ArraySlice<Key> {
    let fitting = keys.filter { $0.description.fits(algorithm) }
    guard let id = token.keyID.map({ Array($0.utf8) }) else {
      return fitting.prefix(Self.triesMax)
    }
    let named = fitting.filter { $0.description.hasID(id) }
    if !named.isEmpty { return named[...] }
    return fitting.filter { $0.description.id == nil }.prefix(Self.triesMax)
  }

  private func isRight(
    _ token: CompactJWS, _ message: Span<UInt8>, _ algorithm: JWSAlgorithm, _ key: Key
  ) -> Bool {
    switch (algorithm.means, key.description.material) {
    case (.signature(let scheme), .open):
      return key.open?.verifies(token.signature.span, of: message, by: scheme) ?? false
    case (.code(let digest), .secret(let secret)):
      return MessageCode.isRight(
        token.signature.span, of: message, key: secret, digest: digest, library: library)
    default: return false
    }
  }
}
