// Hosts and ports: what is taken and what is refused.

import Bytes
import Testing

@testable import HTTPMessage

private func authority(_ text: String) -> Authority? { Authority(Array(text.utf8).span) }

@Suite struct AuthorityTests {
  @Test(arguments: [
    ("a", 1, nil), ("a:1", 1, 1), ("a.b.:65535", 4, 65535), ("[::]", 4, nil), ("[::1]:80", 5, 80),
    ("[1:2:3:4:5:6:7:8]", 17, nil), ("[::1.2.3.4]", 11, nil), ("[1::]", 5, nil),
    ("[1:2::3.4.5.6]:9", 14, 9), ("[fe80::A]", 9, nil), ("1.2.3.4:00080", 7, 80),
  ])
  func `a good authority has its parts`(text: String, count: Int, port: UInt16?) throws {
    let parts = try #require(authority(text))
    #expect(parts.hostCount == count)
    #expect(parts.port == port)
  }

  @Test(arguments: [
    "", ":", ":1", "a:", "a:0", "a:65536", "a:99999", "a:100000", "a:1a", "a:-1", "a:+1", "a b",
    "a/",
    "a%", "a@b", "a..b", ".", ".a", "[", "[]", "[:]", "[::", "[:::]", "[1]", "[1:]", "[:1]",
    "[1:::2]",
    "[1::2::3]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7:8::]", "[g::]",
    "[00001::]", "[::1.2.3]", "[::1.2.3.4.5]", "[::1.2.3.256]", "[::01.2.3.4]", "[::1.2.3.4:5]",
    "[1:2:3:4:5:6:7:1.2.3.4]", "[::1]]", "[::1]a", "[::1]:", "[::1%25a]", "[ ::1]", "a\0", "a\r\n",
  ])
  func `a bad authority is refused`(_ text: String) {
    #expect(authority(text) == nil)
  }

  @Test(arguments: [(62, true), (63, true), (64, false)])
  func `a label is bounded`(count: Int, isGood: Bool) {
    let text = "a." + String(repeating: "b", count: count) + ".c"
    #expect((authority(text) != nil) == isGood)
  }

  @Test(arguments: [(253, true), (254, true), (255, false)])
  func `a name is bounded`(count: Int, isGood: Bool) {
    let text = String(String(repeating: "a.", count: 128).prefix(count - 1)) + "b"
    #expect((authority(text) != nil) == isGood)
  }
}
