// Which patterns are read, and what is said of the others.

import Configuration
import Testing

struct PatternTests {
  @Test(
    arguments: [
      ("*", "*"), ("example.com", "example.com"), ("API.Example.com", "api.example.com"),
      ("*.example.com", "*.example.com"), ("localhost", "localhost"), ("192.0.2.1", "192.0.2.1"),
      ("[2001:DB8::1]", "[2001:db8::1]"), ("a_b.example", "a_b.example"), ("*.com", "*.com"),
    ])
  func `a host pattern is read`(text: String, canonical: String) throws {
    #expect(try HostPattern(parsing: text).text == canonical)
  }

  @Test(
    arguments: [
      ("", 0), ("a..b", 2), (".a", 0), ("example.com.", 11), ("a.*.b", 2), ("**.b", 0), ("*a.b", 0),
      ("example.com:80", 11), ("http://a", 4), ("a/b", 1), ("bücher.example", 1), ("-a.b", 0),
      ("a-.b", 1), ("*.", 2), ("[::1", 4), ("[]", 1), ("[::g]", 3), ("a b", 1),
      (String(repeating: "a", count: 64), 0), (String(repeating: "a.", count: 127), 253),
    ])
  func `a wrong host pattern is refused at its place`(text: String, offset: Int) {
    let error = #expect(throws: PatternError.self) { try HostPattern(parsing: text) }
    #expect(error?.offset == offset)
  }

  @Test func `a host name of 253 bytes is read and one of 254 is not`() throws {
    let longest = String(repeating: "a.", count: 126) + "a"
    #expect(try HostPattern(parsing: longest) == .exact(longest))
    #expect(throws: PatternError.self) { try HostPattern(parsing: longest + "b." + "c") }
  }

  @Test(
    arguments: [
      "/", "/a", "/a/", "/a/b-c_d~e.f", "/**", "/a/**", "/{id}", "/a/{id}/b/{other-id}/**",
      "/%C3%A9", "/%20", "/a:b@c!$&'()+,=", "/...",
    ])
  func `a path pattern is read and written alike`(text: String) throws {
    #expect(try PathPattern(parsing: text).text == text)
  }

  @Test(
    arguments: [
      ("", 0), ("a", 0), ("*", 0), ("//", 1), ("/a//b", 3), ("/a/**/b", 3), ("/a*", 2), ("/*", 1),
      ("/a/***", 3), ("/{}", 2), ("/{a", 1), ("/{a}b", 1), ("/b{a}", 2), ("/{a}/{a}", 6),
      ("/{rest}", 2), ("/{1a}", 2), ("/{a b}", 3), ("/.", 1), ("/a/..", 3), ("/a/../b", 3),
      ("/%", 1), ("/%4", 1), ("/a%4/", 2), ("/%zz", 1), ("/%c3", 2), ("/%41", 1), ("/%2F", 1),
      ("/%5C", 1), ("/%00", 1), ("/%0A", 1), ("/%7F", 1), ("/a?b", 2), ("/a;b", 2), ("/a\\b", 2),
      ("/a#b", 2), ("/é", 1),
      ("/a b", 2), ("/\"", 1), ("/\u{7f}", 1), (String(repeating: "/a", count: 65), 129),
    ])
  func `a wrong path pattern is refused at its place`(text: String, offset: Int) {
    let error = #expect(throws: PatternError.self) { try PathPattern(parsing: text) }
    #expect(error?.offset == offset, "\(text): \(error?.message ?? "")")
  }

  @Test func `16 parameters are read and 17 are not`() throws {
    let sixteen = (0..<16).map { "/{p\($0)}" }.joined()
    #expect(try PathPattern(parsing: sixteen).captures.count == 16)
    #expect(throws: PatternError.self) { try PathPattern(parsing: sixteen + "/{p}") }
  }

  @Test func `64 segments are read`() throws {
    let longest = String(repeating: "/a", count: 64)
    #expect(try PathPattern(parsing: longest).segments.count == 64)
  }

  @Test(arguments: [("", 0), ("get", 0), ("GEt", 2), ("G T", 1), ("G:T", 1)])
  func `a wrong method is refused at its place`(text: String, offset: Int) {
    let error = #expect(throws: PatternError.self) { try MethodPattern(parsing: text) }
    #expect(error?.offset == offset)
  }

  @Test(
    arguments: [
      (FieldMatch.Kind.header, "", "1"), (.header, "a b", "1"), (.header, "Host", "1"),
      (.header, "cookie", "1"), (.header, "x", " 1"), (.header, "x", "1\n2"), (.cookie, "a=b", "1"),
      (.cookie, "a", "1;2"), (.query, "", "1"),
    ])
  func `a field that no request can have is refused`(
    kind: FieldMatch.Kind, name: String, value: String
  ) {
    #expect(throws: PatternError.self) { try FieldMatch(kind, name: name, values: [value]) }
  }

  @Test func `a field without values is refused`() {
    #expect(throws: PatternError.self) { try FieldMatch(.header, name: "x", values: []) }
  }

  @Test func `header names lose their case and query names keep it`() throws {
    #expect(try FieldMatch(.header, name: "X-A", values: ["1"]).name == "x-a")
    #expect(try FieldMatch(.query, name: "A", values: ["1"]).name == "A")
  }
}
