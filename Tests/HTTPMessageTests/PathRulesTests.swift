// One spelling per resource: what is refused, what is rewritten, and that no spelling slips past.

import Bytes
import Testing

@testable import HTTPMessage

private let normalizing: PathRules = {
  var rules = PathRules()
  rules.normalizesDots = true
  rules.normalizesSlashes = true
  return rules
}()

/// The canonical spelling that `rules` give, or nil when the path is refused.
private func canonical(_ path: [UInt8], _ rules: PathRules = PathRules()) -> String? {
  switch rules.verdict(on: path.span) {
  case .canonical: return path.span.text
  case .refused: return nil
  case .equivalent:
    var output = Output(capacity: 8)
    return rules.rewrite(path.span, into: &output) ? output.bytes.text : nil
  }
}

private func canonical(_ path: String, _ rules: PathRules = PathRules()) -> String? {
  canonical(path.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }, rules)
}

/// Spellings of `/admin/users` that some origin takes for it.
private let spellings = [
  "//admin/users", "/admin//users", "/admin/users//", "///admin/users", "/./admin/users",
  "/admin/./users", "/admin/users/.", "/x/../admin/users", "/admin/x/../users", "/../admin/users",
  "/admin/users/x/..", "/%2e/admin/users", "/admin/%2e/users", "/x/%2e%2e/admin/users",
  "/x/.%2e/admin/users", "/x/%2E./admin/users", "/x/%2E%2e/admin/users", "/admin%2fusers",
  "/admin%2Fusers", "/%2fadmin/users", "/admin\\users", "\\admin\\users", "/admin%5cusers",
  "/admin%5Cusers", "/admin;x/users", "/admin/users;x=y", "/;/admin/users", "/x/..;/admin/users",
  "/admin/users%00", "/admin%00/users", "/%61dmin/users", "/%41dmin/users", "/admi%6e/users",
  "/admi%6E/users", "/%61%64%6d%69%6e/%75%73%65%72%73", "/admin/users%2f", "/admin/users#x",
  "/admin/users%20", "/admin/users/", "/%2561dmin/users", "/admin%252fusers", "/%252e/admin/users",
  "/x/%252e%252e/admin/users", "/%c0%afadmin/users", "/admin%c0%afusers", "/%c0%ae/admin/users",
  "/x/%e0%80%ae%e0%80%ae/admin/users", "/%f0%80%80%afadmin/users", "/admin/users\0",
  "/admin/users%09", "/admin/users%0a", "/admin/users%0d%0a", "/admin%0/users", "/admin%/users",
  "/admin%u002fusers", "/admin/users\u{2F}.", "/ADMIN/users", "admin/users", "/admin\u{FF0F}users",
]

@Suite struct PathRulesTests {
  @Test(arguments: spellings)
  func `no spelling of a protected path passes as another path`(_ spelling: String) {
    for rules in [PathRules(), normalizing] {
      guard let path = canonical(spelling, rules), path != "/admin/users" else { continue }
      // What passes is another path to everyone who decodes once, as RFC 3986 says.
      #expect(
        ["/admin/users/", "/admin/users%20", "/ADMIN/users", "/Admin/users"].contains(path)
          || path.contains("%25"))
    }
  }

  @Test(arguments: [
    "/", "/a", "/a/", "/a/b", "/a.b/..c/...", "/.a", "/a-b_c~d/!$&'()*+,=:@", "/%20%C3%A9%3B%25",
    "/*", "/%252e%252e/", "/.well-known/x", "/%E2%82%AC",
  ])
  func `a canonical path stays as it is`(_ path: String) {
    #expect(PathRules().verdict(on: Array(path.utf8).span) == .canonical)
    #expect(normalizing.verdict(on: Array(path.utf8).span) == .canonical)
  }

  @Test(arguments: [
    "", "a", "//", "/a//b", "/.", "/..", "/a/.", "/a/..", "/./a", "/../a", "/%2e", "/%2E%2e/a",
    "/.%2e/a", "/a/%2e", "/a%", "/a%2", "/a%2g", "/a%g2", "/%2F", "/%5c", "/%00", "/%1F", "/%7f",
    "/a;b", "/a\\b", "/a#b", "/a?b", "/a b", "/a\"", "/a<", "/a>", "/a[", "/a]", "/a^", "/a`",
    "/a{",
    "/a|", "/a}", "/\u{7F}", "/\u{80}", "/\u{FF}", "/%C0%80", "/%c1%bf", "/%E0%9F%BF",
    "/%F0%8F%BF%BF", "/%F5", "/%FF",
  ])
  func `the strict rules refuse`(_ path: String) { #expect(canonical(path) == nil) }

  @Test(arguments: [
    ("/%7E", "/~"), ("/%7e", "/~"), ("/%41%2d%5F", "/A-_"), ("/%c3%a9", "/%C3%A9"),
    ("/a%2Eb", "/a.b"), ("/%3b", "/%3B"), ("/%2ea", "/.a"), ("/%2E%2E%2E", "/..."),
  ])
  func `equivalent spellings become one under the strict rules`(path: String, expected: String) {
    #expect(canonical(path) == expected)
  }

  @Test(arguments: [
    ("/./a", "/a"), ("/a/.", "/a/"), ("/a/..", "/"), ("/a/../b", "/b"), ("/a/b/../../c", "/c"),
    ("/a/./b/%2e%2E/c", "/a/c"), ("/.", "/"), ("/a//b", "/a/b"), ("//a", "/a"), ("/a//", "/a/"),
    ("//", "/"), ("/a//../b", "/b"), ("/a/.//.//b", "/a/b"), ("/a/b/..", "/a/"), ("/..", nil),
    ("/a/../..", nil), ("/../a", nil), ("/a/../../b", nil), ("/%2e%2e/a", nil), ("/a%2F..", nil),
  ])
  func `normalizing rules rewrite, and refuse to leave the root`(path: String, expected: String?) {
    #expect(canonical(path, normalizing) == expected)
  }

  @Test(arguments: [
    ("/%e0%5a%8f", "/%E0Z%8F"), ("/%E0Z%8F", "/%E0Z%8F"), ("/%F0-%80", "/%F0-%80"),
    ("/%E0%8F", nil), ("/%E0/%8F", "/%E0/%8F"),
  ])
  func `only octets encoded side by side make an overlong form`(path: String, expected: String?) {
    #expect(canonical(path) == expected)
  }

  @Test func `one normalization does not bring the other along`() {
    var dots = PathRules()
    dots.normalizesDots = true
    #expect(canonical("/a/./b", dots) == "/a/b")
    #expect(canonical("/a//b", dots) == nil)
    #expect(canonical("/a/.//b", dots) == nil)
    var slashes = PathRules()
    slashes.normalizesSlashes = true
    #expect(canonical("/a//b", slashes) == "/a/b")
    #expect(canonical("/a/./b", slashes) == nil)
  }

  @Test func `what was rewritten is canonical to every rule`() {
    let pieces = [
      "/", ".", "..", "%2e", "%2E", "a", "%61", "%C3%a9", "%25", "//", "~", "%7e", "-",
      "%e0", "%8F",
    ]
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<9, using: &random)
      let path =
        "/"
        + (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }
        .joined()
      for rules in [PathRules(), normalizing] {
        guard let result = canonical(path, rules) else { continue }
        let verdict = PathRules().verdict(on: Array(result.utf8).span)
        #expect(verdict == .canonical, "\(path) became \(result), seed \(seed)")
      }
    }
  }
}

/// A generator whose seed is printed when a claim fails.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
