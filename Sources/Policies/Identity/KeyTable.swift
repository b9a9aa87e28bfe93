// The keys of a worker, found by their ids: open addressing over the two words of an id.

import Bytes
import Configuration
import OpenSSL
import PolicyChain

/// An immutable table of keys.
struct KeyTable {
  final class Record {
    let id: (UInt64, UInt64)
    let salt: [UInt8]
    let digest: Digest256
    /// The first millisecond since 1970 at which the key is no good any more.
    let end: UInt64
    let principal: Principal

    init(_ entry: KeyEntry, _ principal: Principal) {
      var id = WordPair()
      for byte in entry.id.utf8 { id.append(byte) }
      self.id = id.words
      salt = entry.hash.salt
      digest = Digest256(bytes: entry.hash.digest.span)
      end = entry.expires.map { $0.endMilliseconds } ?? .max
      self.principal = principal
    }
  }

  private let records: [Record]
  /// Index plus one, or zero for a free slot; at least half of the slots are free.
  private var slots: ContiguousArray<UInt32>
  /// Hashed for ids that are not there.
  let decoySalt = [UInt8](repeating: 0, count: KeyHash.saltBytes)

  init(
    _ entries: [KeyEntry], _ headers: ClaimHeaders, _ label: IdentityLabel, _ roles: RoleTable
  ) {
    records = entries.map { Record($0, Self.principal($0, headers, label, roles)) }
    var size = 16
    while size < records.count * 2 { size *= 2 }
    slots = ContiguousArray(repeating: 0, count: size)
    for (index, record) in records.enumerated() {
      var slot = Self.hash(record.id) & (size - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = UInt32(index + 1)
    }
  }

  func record(of key: APIKey.Parts) -> Record? {
    var slot = Self.hash(key.id) & (slots.count - 1)
    while slots[slot] != 0 {
      let record = records[Int(slots[slot]) - 1]
      if record.id == key.id { return record }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Ids are in the table by the operator's hand only: nobody outside can aim for collisions.
  private static func hash(_ id: (UInt64, UInt64)) -> Int {
    Int(truncatingIfNeeded: ((id.0 ^ (id.1 &* 31)) &* 0x9E37_79B9_7F4A_7C15) >> 32)
  }

  private static func principal(
    _ entry: KeyEntry, _ headers: ClaimHeaders, _ label: IdentityLabel, _ roles: RoleTable
  ) -> Principal {
    var claims: [String: ClaimValue] = [
      "id": .text(entry.id), "subject": .text(entry.subject),
      "scopes": .list(entry.scopes.map { .text($0) }),
      "roles": .list(entry.roles.map { .text($0) }),
    ]
    if let tier = entry.tier { claims["tier"] = .text(tier) }
    let granted = entry.roles.map { Array($0.utf8) }
    // What a file of keys may hold can stand in a field, but for names with commas in a list, of
    // which nothing is said then.
    return Principal(
      identity: label, subject: Array(entry.subject.utf8),
      scopes: roles.scopes(entry.scopes.map { Array($0.utf8) }, of: granted), roles: granted,
      claims: .object(claims), fields: headers.rendered(.object(claims)) ?? [])
  }
}

/// The text of an API key: `slk_`, the id, `_`, the secret. The prefix lets scanners find keys that
/// leaked into a repository.
package enum APIKey {
  package static let prefix: StaticString = "slk_"
  /// Letters and digits: 190 bits.
  package static let secretCount = 32
  static let idRange = 4..<4 + KeyID.count
  static let count = 4 + KeyID.count + 1 + secretCount

  /// The parts of a text that has the form of a key.
  struct Parts {
    let id: (UInt64, UInt64)
    let secret: Range<Int>

    init?(_ text: Span<UInt8>) {
      guard text.count == APIKey.count, text.extracting(0..<4).equals(APIKey.prefix),
        text[APIKey.idRange.upperBound] == UInt8(ascii: "_")
      else { return nil }
      var id = WordPair()
      for index in APIKey.idRange { id.append(text[index]) }
      self.id = id.words
      secret = APIKey.idRange.upperBound + 1..<APIKey.count
    }
  }
}

/// Sixteen bytes as two words.
private struct WordPair {
  private(set) var words: (UInt64, UInt64) = (0, 0)

  mutating func append(_ byte: UInt8) {
    words.0 = words.0 << 8 | words.1 >> 56
    words.1 = words.1 << 8 | UInt64(byte)
  }
}
