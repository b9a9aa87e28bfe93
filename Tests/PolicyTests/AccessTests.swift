// `access`: which addresses pass, against a list that is gone through one by one.

import Bytes
import Configuration
import Testing

@testable import Policies

@Suite struct AccessTests {
  private static func networks(_ text: String) throws -> [CIDR] {
    try text.split(separator: " ").map { try CIDR(parsing: String($0)) }
  }

  private static func verdict(
    allow: String, deny: String, _ address: String
  ) throws -> Bool {
    let table = AddressTable(allowed: try networks(allow), denied: try networks(deny))
    let parsed = Bytes.IPAddress(address)
    return table.allows(try #require(parsed))
  }

  @Test(arguments: [
    ("10.0.0.0/8", "", "10.0.0.0", true), ("10.0.0.0/8", "", "10.255.255.255", true),
    ("10.0.0.0/8", "", "9.255.255.255", false), ("10.0.0.0/8", "", "11.0.0.0", false),
    ("10.0.0.0/8", "10.1.0.0/16", "10.0.255.255", true),
    ("10.0.0.0/8", "10.1.0.0/16", "10.1.0.0", false),
    ("10.0.0.0/8", "10.1.0.0/16", "10.1.255.255", false),
    ("10.0.0.0/8", "10.1.0.0/16", "10.2.0.0", true),
    ("10.1.0.0/16", "10.0.0.0/8", "10.1.2.3", false),
    ("", "10.0.0.0/8", "10.0.0.1", false), ("", "10.0.0.0/8", "2001:db8::1", true),
    // A list of one family says that the other does not pass.
    ("10.0.0.0/8", "", "2001:db8::1", false), ("2001:db8::/32", "", "10.0.0.1", false),
    ("2001:db8::/32", "", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true),
    ("2001:db8::/32", "", "2001:db9::", false), ("", "::/0", "10.0.0.1", true),
    ("", "0.0.0.0/0", "255.255.255.255", false), ("", "0.0.0.0/0 ::/0", "::1", false),
    ("0.0.0.0/0 ::/0", "", "255.255.255.255", true),
    ("0.0.0.0/0", "255.255.255.255/32", "255.255.255.255", false),
    ("0.0.0.0/0", "0.0.0.0/32", "0.0.0.0", false), ("0.0.0.0/0", "0.0.0.0/32", "0.0.0.1", true),
    ("::/0", "ffff::/16", "ffff::", false), ("::/0", "ffff::/16", "fffe:ffff::", true),
    // A mapped address is the IPv4 address, however it is written.
    ("10.0.0.0/8", "", "::ffff:10.0.0.1", true), ("", "10.0.0.0/8", "::ffff:10.0.0.1", false),
    ("10.0.0.1/32 10.0.0.2/32 10.0.0.3/32", "10.0.0.2/32", "10.0.0.3", true),
  ])
  func `an address passes or not`(
    allow: String, deny: String, address: String, passes: Bool
  ) throws {
    #expect(try Self.verdict(allow: allow, deny: deny, address) == passes)
  }

  @Test func `the table decides as a list does that is gone through one by one`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = Seeded(state: seed)
    for round in 0..<500 {
      let allowed = try random.networks(), denied = try random.networks()
      let table = AddressTable(allowed: allowed, denied: denied)
      for _ in 0..<40 {
        let bits = UInt32(0x0a00_0000) | UInt32(truncatingIfNeeded: random.next() & 0x3f)
        let address = Configuration.IPAddress(v4: bits)
        let expected =
          (allowed.isEmpty || allowed.contains { $0.contains(address) })
          && !denied.contains { $0.contains(address) }
        #expect(
          table.allows(Bytes.IPAddress(v4: bits)) == expected,
          "seed \(seed), round \(round), \(address): \(allowed) \(denied)")
      }
    }
  }

  @Test func `a client without an address is in no network`() async throws {
    for (config, status) in [
      ("access allow=[0.0.0.0/0 ::/0]", 403), ("access deny=[10.0.0.0/8]", 200),
    ] {
      let example = ExampleCase(
        directive: "", isAction: false, example: Example("", config: config))
      let configuration = try #require(ExampleTests.load(example.config).configuration)
      let test = try TestExchange(peer: nil)
      await test.run(try ExampleTests.chain(configuration, FakeUpstream(nil)))
      #expect(test.exchange.response.status == status)
    }
  }

  @Test(arguments: [
    ("access", "'access' names no network"), ("access allow=[]", "'access' names no network"),
    ("access allow=[10.0.0.1/8]", "must not have bits after its prefix"),
    ("access allow=[env(\"X\")]", "does not take env"),
    ("access deny=[::ffff:10.0.0.0/104]", "takes a network"),
  ])
  func `a rule that cannot be meant is an error`(config: String, message: String) {
    #expect(ExampleTests.problems(config).contains { $0.contains(message) })
  }

  @Test func `the log tells the rule that decided, and the first that would have`() async throws {
    let example = ExampleCase(
      directive: "", isAction: false,
      example: Example(
        "", config: "access deny=[198.51.100.0/24] shadow=on\naccess allow=[10.0.0.0/8] shadow=on"))
    let configuration = try #require(ExampleTests.load(example.config).configuration)
    let test = try TestExchange()
    await test.run(try ExampleTests.chain(configuration, FakeUpstream(nil)))
    #expect(test.exchange.response.status == 200)
    let denial = try #require(test.exchange.denial)
    #expect(denial.isShadow)
    #expect(denial.cause.token.description == "address_not_allowed")
    #expect(String(decoding: denial.rule, as: UTF8.self).hasPrefix("access routes.conf:12:"))
  }
}

extension Seeded {
  /// Up to four networks within 10.0.0.0/26.
  fileprivate mutating func networks() throws -> [CIDR] {
    try (0..<Int.random(in: 0...4, using: &self)).map { _ in
      let length = Int.random(in: 26...32, using: &self)
      let host = UInt32(1) << UInt32(32 - length) - 1
      let bits = UInt32(0x0a00_0000) | UInt32.random(in: 0...63, using: &self) & ~host
      return try CIDR(parsing: "\(Configuration.IPAddress(v4: bits))/\(length)")
    }
  }
}
