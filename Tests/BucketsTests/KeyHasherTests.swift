// The keyed hash of bucket keys.

import Testing

@testable import Buckets

@Suite struct KeyHasherTests {
  static func hash(_ parts: [String?], seed: UInt64 = 1) -> UInt64 {
    var hasher = KeyHasher(seed: HashSeed(first: seed, second: 2))
    for part in parts {
      if let part { hasher.add(part.utf8Span.span) } else { hasher.addAbsence() }
    }
    return hasher.value
  }

  @Test func `parts do not run together`() {
    let keys: [[String?]] = [
      ["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], [nil, "abc"], ["abc", nil], [],
      ["12345678", "9"], ["123456789"], ["12345678"],
    ]
    #expect(Set(keys.map { Self.hash($0) }).count == keys.count)
  }

  @Test func `another seed gives other hashes`() {
    #expect(Self.hash(["a"], seed: 1) != Self.hash(["a"], seed: 3))
  }

  @Test func `case is folded where asked for`() {
    func folded(_ text: String) -> UInt64 {
      var hasher = KeyHasher(seed: HashSeed(first: 1, second: 2))
      hasher.add(folding: text.utf8Span.span)
      return hasher.value
    }
    #expect(folded("API.Example.com") == folded("api.example.COM"))
    #expect(folded("api.example.com") == Self.hash(["api.example.com"]))
    #expect(folded("api.example.com") != folded("api.example.org"))
  }

  @Test func `every bit of a key moves the hash`() {
    var seen: Set<UInt64> = []
    for length in 0...40 {
      for position in 0..<max(length, 1) {
        var text = [UInt8](repeating: 0, count: length)
        if length > 0 { text[position] = 1 }
        var hasher = KeyHasher(seed: HashSeed(first: 1, second: 2))
        hasher.add(text.span)
        #expect(seen.insert(hasher.value).inserted)
      }
    }
  }
}
