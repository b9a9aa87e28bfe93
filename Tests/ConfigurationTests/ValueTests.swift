// Values of the language: what each type takes, what it refuses, and the one spelling it prints.

import Testing

@testable import Configuration

/// A text, and what it prints as; nil when it is refused.
struct ValueVector: Sendable, CustomTestStringConvertible {
  let text: String
  let printed: String?

  init(_ text: String, _ printed: String?) {
    self.text = text
    self.printed = printed
  }

  var testDescription: String { text }
}

private func printed<Value: CustomStringConvertible>(
  _ make: () throws(ValueProblem) -> Value
) -> String? {
  do throws(ValueProblem) { return try make().description } catch { return nil }
}

@Suite struct ValueTests {
  @Test(arguments: [
    ValueVector("50ms", "50ms"), ValueVector("1000ms", "1s"), ValueVector("90s", "90s"),
    ValueVector("3600s", "1h"), ValueVector("365d", "365d"), ValueVector("0s", "0s"),
    ValueVector("10", nil), ValueVector("-1s", nil), ValueVector("1.5s", nil),
    ValueVector("s", nil), ValueVector("10 s", nil), ValueVector("1w", nil),
    ValueVector("9223372036854775807s", nil), ValueVector("99999999999999999999s", nil),
  ])
  func `durations`(vector: ValueVector) {
    #expect(
      printed { () throws(ValueProblem) in try TimeSpan(parsing: vector.text) } == vector.printed)
  }

  @Test(arguments: [
    ValueVector("500B", "500B"), ValueVector("1024B", "1KiB"), ValueVector("64KiB", "64KiB"),
    ValueVector("2GiB", "2GiB"), ValueVector("1MB", nil), ValueVector("1k", nil),
    ValueVector("10", nil), ValueVector("9999999999999GiB", nil),
  ])
  func `sizes`(vector: ValueVector) {
    #expect(
      printed { () throws(ValueProblem) in try ByteCount(parsing: vector.text) } == vector.printed)
  }

  @Test(arguments: [
    ValueVector("5%", "5%"), ValueVector("99.9%", "99.9%"), ValueVector("0.0001%", "0.0001%"),
    ValueVector("100%", "100%"), ValueVector("0%", "0%"), ValueVector("100.1%", nil),
    ValueVector("101%", nil), ValueVector("5", nil), ValueVector("1.%", nil),
    ValueVector("0.00001%", nil), ValueVector("-1%", nil), ValueVector("%", nil),
  ])
  func `percentages`(vector: ValueVector) {
    #expect(
      printed { () throws(ValueProblem) in try Percent(parsing: vector.text) } == vector.printed)
  }

  @Test(arguments: [
    ValueVector("50/s", "50/s"), ValueVector("10000/d", "10000/d"), ValueVector("0/s", nil),
    ValueVector("5/w", nil), ValueVector("5", nil), ValueVector("/s", nil),
  ])
  func `rates`(vector: ValueVector) {
    #expect(printed { () throws(ValueProblem) in try Rate(parsing: vector.text) } == vector.printed)
  }

  @Test func `rates compare by events per time`() {
    #expect(Rate(59, per: .minute) < Rate(1, per: .second))
    #expect(!(Rate(60, per: .minute) < Rate(1, per: .second)))
  }

  @Test(arguments: [
    ValueVector("10.0.0.0/8", "10.0.0.0/8"), ValueVector("192.0.2.1", "192.0.2.1/32"),
    ValueVector("fd00::/8", "fd00::/8"), ValueVector("::/0", "::/0"),
    ValueVector("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1/128"),
    ValueVector("::ffff:1.2.3.4", nil), ValueVector("10.0.0.1/8", nil),
    ValueVector("010.0.0.0/8", nil), ValueVector("10.0.0.0/33", nil), ValueVector("10.0.0/8", nil),
    ValueVector("1::2::3", nil), ValueVector("1:2:3:4:5:6:7:8:9", nil),
    ValueVector("fe80::%1", nil),
    ValueVector(":1::", nil), ValueVector("12345::", nil),
    ValueVector("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0/128"),
  ])
  func `networks`(vector: ValueVector) {
    #expect(printed { () throws(ValueProblem) in try CIDR(parsing: vector.text) } == vector.printed)
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
    ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("0.0.0.0/0", "::1", false),
    ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false), ("::/0", "1.2.3.4", false),
    ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
    ("0.0.0.0/0", "255.255.255.255", true), ("::/0", "ffff::", true),
  ])
  func `a network holds the addresses of its prefix`(
    network: String, address: String, isInside: Bool
  ) throws {
    let found = try #require(IPAddress(parsing: address))
    #expect(try CIDR(parsing: network).contains(found) == isInside)
  }

  @Test(arguments: [
    ValueVector(":443", ":443"), ValueVector("127.0.0.1:80", "127.0.0.1:80"),
    ValueVector("[::1]:80", "[::1]:80"), ValueVector("unix:/run/a.sock", "unix:/run/a.sock"),
    ValueVector("::1:80", nil), ValueVector("example.com:80", nil), ValueVector(":0", nil),
    ValueVector(":65536", nil), ValueVector("127.0.0.1", nil), ValueVector("unix:a", nil),
    ValueVector("[example.com]:80", nil), ValueVector("1.2.3:80", nil),
    ValueVector("unix:/" + String(repeating: "a", count: 107), nil),
  ])
  func `bind addresses`(vector: ValueVector) {
    #expect(
      printed { () throws(ValueProblem) in try BindAddress(parsing: vector.text) } == vector.printed
    )
  }

  @Test(arguments: [
    ValueVector("https://Example.com/a?b", "https://Example.com/a?b"),
    ValueVector("http://[::1]:8080", "http://[::1]:8080"), ValueVector("ftp://x", nil),
    ValueVector("https://u:p@x/", nil), ValueVector("https://x/#f", nil), ValueVector("x", nil),
    ValueVector("https://", nil), ValueVector("https://x:0/", nil),
    ValueVector("https://x/ y", nil),
  ])
  func `URLs`(vector: ValueVector) {
    #expect(
      printed { () throws(ValueProblem) in try WebURL(parsing: vector.text) } == vector.printed)
  }

  @Test(arguments: [
    ("https://app.example.com", "https", "app.example.com", 443, true),
    ("https://app.example.com", "http", "app.example.com", 80, false),
    ("https://*.example.com", "https", "a.b.example.com", 443, true),
    ("https://*.example.com", "https", "example.com", 443, false),
    ("https://*.example.com", "https", "evilexample.com", 443, false),
    ("https://*.example.com:8443", "https", "a.example.com", 443, false),
  ])
  func `an origin is anchored`(
    pattern: String, scheme: String, host: String, port: UInt16, isMatch: Bool
  ) throws {
    let origin = try Origin(parsing: pattern)
    #expect(origin.matches(scheme: scheme, host: host, port: port) == isMatch)
  }

  @Test(arguments: [
    ValueVector("2027-03-31", "2027-03-31"), ValueVector("2028-02-29", "2028-02-29"),
    ValueVector("2027-02-29", nil), ValueVector("2027-13-01", nil), ValueVector("2027-3-1", nil),
    ValueVector("2027-00-10", nil), ValueVector("2027-04-31", nil),
  ])
  func `dates`(vector: ValueVector) {
    #expect(
      printed { () throws(ValueProblem) in try CalendarDate(parsing: vector.text) }
        == vector.printed)
  }

  @Test(arguments: [
    ValueVector("/a/{path.id}/{header.x-a}", "/a/{path.id}/{header.x-a}"),
    ValueVector("{path}{path.rest}", "{path}{path.rest}"), ValueVector("plain", "plain"),
    ValueVector("{", nil), ValueVector("}", nil), ValueVector("{nothing}", nil),
    ValueVector("{identity.subject}", nil), ValueVector("{header.a b}", nil),
    ValueVector("{{path}}", nil),
  ])
  func `templates`(vector: ValueVector) {
    #expect(
      printed { () throws(ValueProblem) in try Template(parsing: vector.text) } == vector.printed)
  }

  @Test(arguments: [
    ("limt", "limit"), ("lim", "limit"), ("timeuot", "timeout"), ("xyz", nil), ("t", nil),
    ("bdy", "body"), ("to", nil),
  ])
  func `the nearest name is suggested`(written: String, meant: String?) {
    let names = ["timeout", "limit", "body", "request-id"]
    #expect(Suggestion.nearest(to: written, among: names) == meant)
  }
}
