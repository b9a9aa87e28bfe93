// Making an API key: random text for its holder, and the hash that the file keeps.

import Bytes
import Configuration
import OpenSSL

/// A key that was just made. Its text is shown once and kept nowhere.
package struct NewKey {
  /// What the holder sends.
  package let text: String
  package let entry: KeyEntry

  /// - Parameter described: what the file says of the key; its id and hash are made here.
  package init(described: KeyEntry, library: LibraryContext) throws(CryptoError) {
    let random = try SecureRandom(library: library)
    let id = Self.text(KeyID.count, from: Self.idAlphabet, random)
    let secret = Self.text(APIKey.secretCount, from: Self.secretAlphabet, random)
    let salt = (0..<KeyHash.saltBytes).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let salted = salt + Array(secret.utf8)
    let digest = try SHA256(library: library).digest(of: salted.span)
    var entry = described
    entry.id = id
    entry.hash = KeyHash(
      salt: salt, digest: (0..<Digest256.byteCount).map { digest[$0] })
    self.entry = entry
    text = "\(APIKey.prefix)\(id)_\(secret)"
  }

  private static let idAlphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
  private static let secretAlphabet =
    idAlphabet + Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

  private static func text(
    _ count: Int, from alphabet: [UInt8], _ random: SecureRandom
  ) -> String {
    var random = random
    return String(
      decoding: (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 },
      as: UTF8.self)
  }
}
