// One line of a keys.conf: an API key as its salted hash, and whom it stands for.

/// An API key without its secret.
package struct KeyEntry: Sendable, Hashable {
  /// Public, and part of the key itself.
  package var id = ""
  package var hash = KeyHash()
  package var subject = ""
  package var scopes: [String] = []
  package var roles: [String] = []
  /// The rate tier that limits may ask for.
  package var tier: String?
  /// The last good day, UTC.
  package var expires: CalendarDate?

  package init() {}
}

/// SHA-256 over salt and secret. The secrets are random and long, so that no slow hash is needed:
/// docs/decisions/0008.
package struct KeyHash: Sendable, Hashable, CustomStringConvertible {
  package static let saltBytes = 16
  package static let digestBytes = 32

  package private(set) var salt: [UInt8] = []
  package private(set) var digest: [UInt8] = []

  init() {}

  package init(salt: [UInt8], digest: [UInt8]) {
    precondition(
      salt.count == Self.saltBytes && digest.count == Self.digestBytes,
      "A hash has 16 bytes of salt and 32 of digest.")
    self.salt = salt
    self.digest = digest
  }

  package init(parsing text: String) throws(ValueProblem) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "sha256",
      let salt = Self.bytes(parts[1]), salt.count == Self.saltBytes,
      let digest = Self.bytes(parts[2]), digest.count == Self.digestBytes
    else { throw ValueProblem() }
    self.init(salt: salt, digest: digest)
  }

  package var description: String { "sha256:\(Self.hex(salt)):\(Self.hex(digest))" }

  private static func bytes(_ text: Substring) -> [UInt8]? {
    let digits = text.utf8.map { digit -> UInt8? in
      switch digit {
      case 48...57: digit - 48
      case 97...102: digit - 87
      default: nil
      }
    }
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

/// The alphabet of an id: what `sluice key add` makes, and the lookup relies on.
package enum KeyID {
  package static let count = 16

  package static func isValid(_ text: some StringProtocol) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { 97...122 ~= $0 || 48...57 ~= $0 }
  }
}
