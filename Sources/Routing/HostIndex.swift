// Which path tries a host is looked up in, the most specific first. Case does not matter, the port
// is not part of the host, and one trailing dot is ignored. A host that is no name (empty, with an
// empty label, over 253 bytes) meets only `*`.

import Bytes

struct HostIndex {
  /// A trie for one host pattern, and the pattern to try when that trie has no route.
  struct Group {
    var root: UInt32
    var next: UInt32
  }

  static let exact: UInt32 = 0
  static let wildcard: UInt32 = 1
  private static let nameBytesMax = 253

  let groups: ContiguousArray<Group>
  private let names: TextIndex
  private let any: UInt32
  private let hasWildcards: Bool
  private let hasNames: Bool
  private let seed: UInt64

  init(
    groups: ContiguousArray<Group>, names: [TextIndex.Entry], any: UInt32, seed: UInt64
  ) {
    self.groups = groups
    self.names = TextIndex(names)
    self.any = any
    hasNames = !names.isEmpty
    hasWildcards = names.contains { $0.parent == Self.wildcard }
    self.seed = seed
  }

  /// The first group to try, or `TextIndex.none`. One pass from the last byte to the first.
  func firstGroup(_ host: borrowing Span<UInt8>) -> UInt32 {
    guard hasNames else { return any }
    let isRooted = host.count > 0 && host[host.count - 1] == UInt8(ascii: ".")
    let count = isRooted ? host.count - 1 : host.count
    guard count > 0, count <= Self.nameBytesMax else { return any }
    var hash = KeyedHash(seed: seed)
    var longest = any
    var isLabelEmpty = true
    var index = count
    while index > 0 {
      index &-= 1
      let byte = ASCII.lowercase(host[index])
      if byte == UInt8(ascii: ".") {
        if isLabelEmpty { return any }
        if hasWildcards {
          let suffix = host.extracting(index + 1..<count)
          let found = names.findIgnoringCase(Self.wildcard, hash.value, suffix)
          if found != TextIndex.none { longest = found }
        }
        isLabelEmpty = true
      } else {
        isLabelEmpty = false
      }
      hash.add(byte)
    }
    if isLabelEmpty { return any }
    let found = names.findIgnoringCase(Self.exact, hash.value, host.extracting(0..<count))
    return found == TextIndex.none ? longest : found
  }

  /// The hash that `firstGroup` computes for a name in lower case.
  static func hash(_ name: [UInt8], seed: UInt64) -> UInt64 {
    var hash = KeyedHash(seed: seed)
    for byte in name.reversed() { hash.add(byte) }
    return hash.value
  }
}
