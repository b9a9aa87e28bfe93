// Addresses as text: what goes in comes out in the one form of RFC 5952, and nothing else goes in.

import Bytes
import LoopBench
import Testing

struct IPAddressTests {
  @Test(arguments: [
    ("0.0.0.0", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"),
    ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:db8::1", "2001:db8::1"),
    ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("::ffff:c000:201", "192.0.2.1"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ("0:0:0:0:0:0:0:8", "::8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("fe80::a", "fe80::a"),
  ])
  func `an address is printed in its one canonical form`(text: String, printed: String) {
    #expect(IPAddress(text)?.description == printed)
  }

  @Test(arguments: [
    "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1..2.3", "1.2.3.",
    ".1.2.3", "+1.2.3.4", "0x1.2.3.4", "1.2.3.4 ", ":", ":::", "1:", ":1", "1::2::3", "12345::",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1%eth0", "[::1]", "g::",
    "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::ffff:1.2.3.256", "::1:",
  ])
  func `what is no address is refused`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `random addresses come back from their text`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = Seeded(seed: seed)
    for _ in 0..<5_000 {
      // Groups of zeros make the interesting texts.
      var words = [random.next(), random.next()]
      for index in 0..<8 where random.next() % 2 == 0 {
        words[index / 4] &= ~(0xffff << UInt64(index % 4 * 16))
      }
      let address = IPAddress(high: words[0], low: words[1])
      #expect(IPAddress(address.description) == address, "seed \(seed)")
      let four = IPAddress(v4: UInt32(truncatingIfNeeded: random.next()))
      #expect(IPAddress(four.description) == four, "seed \(seed)")
    }
  }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.2", 30, true), ("10.0.0.1", "10.0.0.2", 31, false),
    ("10.0.0.1", "11.0.0.1", 0, true), ("10.0.0.1", "10.0.0.1", 32, true),
    ("2001:db8::1", "2001:db8::2", 64, true), ("2001:db8::1", "2001:db9::1", 32, false),
    ("2001:db8::1", "2001:db8::2", 127, false), ("2001:db8::2", "2001:db8::3", 127, true),
    ("2001:db8::1", "2001:db8::1", 128, true), ("::1", "8000::1", 0, true),
    ("::1", "8000::1", 1, false), ("0.0.0.1", "::1", 0, false),
  ])
  func `a prefix compares the bits of its own family`(
    first: String, second: String, bits: Int, isMatch: Bool
  ) throws {
    let a = try #require(IPAddress(first))
    let b = try #require(IPAddress(second))
    #expect(a.matches(b, prefix: bits) == isMatch)
  }
}
