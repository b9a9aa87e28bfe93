// Who the client is, and what the upstream is told about it.

import Bytes
import HTTPMessage
import PolicyChain
import Testing

@testable import Configuration
@testable import Policies

/// A peer, what it says, and the client that must come of it.
struct AddressVector: Sendable, CustomTestStringConvertible {
  let name: String
  let peer: String
  let says: [String]
  let client: String
  /// X-Forwarded-For as the upstream reads it.
  let chain: String

  init(_ name: String, peer: String, _ says: [String], client: String, chain: String) {
    self.name = name
    self.peer = peer
    self.says = says
    self.client = client
    self.chain = chain
  }

  var testDescription: String { name }
}

@Suite struct ClientAddressTests {
  static func policy(_ field: ForwardedField = .xForwardedFor) throws -> ClientAddress {
    var settings = ClientAddressSettings()
    settings.trusted = [try CIDR(parsing: "10.0.0.0/8"), try CIDR(parsing: "fd00::/8")]
    settings.field = field
    return ClientAddress(settings)
  }

  static let vectors: [AddressVector] = [
    .init(
      "a stranger is not believed", peer: "198.51.100.7", ["X-Forwarded-For: 192.0.2.1"],
      client: "198.51.100.7", chain: "198.51.100.7"),
    .init(
      "a trusted peer names the client", peer: "10.0.0.1", ["X-Forwarded-For: 192.0.2.1"],
      client: "192.0.2.1", chain: "192.0.2.1, 10.0.0.1"),
    .init(
      "what the client wrote itself stands left of it and is not believed", peer: "10.0.0.1",
      ["X-Forwarded-For: 127.0.0.1, 192.0.2.1"], client: "192.0.2.1",
      chain: "192.0.2.1, 10.0.0.1"),
    .init(
      "trusted hops are passed over", peer: "10.0.0.1",
      ["X-Forwarded-For: 1.1.1.1, 192.0.2.1, 10.9.9.9, fd00::5"], client: "192.0.2.1",
      chain: "192.0.2.1, 10.9.9.9, fd00::5, 10.0.0.1"),
    .init(
      "several lines are one list", peer: "10.0.0.1",
      ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 10.0.0.2"], client: "192.0.2.1",
      chain: "192.0.2.1, 10.0.0.2, 10.0.0.1"),
    .init(
      "a list of trusted hops alone gives the farthest", peer: "10.0.0.1",
      ["X-Forwarded-For: 10.0.0.3, 10.0.0.2"], client: "10.0.0.3",
      chain: "10.0.0.3, 10.0.0.2, 10.0.0.1"),
    .init(
      "what is no address ends the walk", peer: "10.0.0.1",
      ["X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.2"], client: "10.0.0.2",
      chain: "10.0.0.2, 10.0.0.1"),
    .init(
      "an empty element ends the walk", peer: "10.0.0.1", ["X-Forwarded-For: 192.0.2.1,"],
      client: "10.0.0.1", chain: "10.0.0.1"),
    .init(
      "a port is left out", peer: "10.0.0.1", ["X-Forwarded-For: 192.0.2.1:4711"],
      client: "192.0.2.1", chain: "192.0.2.1, 10.0.0.1"),
    .init(
      "IPv6 with and without brackets", peer: "10.0.0.1",
      ["X-Forwarded-For: 2001:DB8::1, [fd00::2]:80"], client: "2001:db8::1",
      chain: "2001:db8::1, fd00::2, 10.0.0.1"),
    .init(
      "a mapped address is the IPv4 one", peer: "10.0.0.1", ["X-Forwarded-For: ::ffff:10.1.1.1"],
      client: "10.1.1.1", chain: "10.1.1.1, 10.0.0.1"),
    .init(
      "the field that was not named is not read", peer: "10.0.0.1",
      ["Forwarded: for=192.0.2.1", "X-Real-IP: 192.0.2.2"], client: "10.0.0.1",
      chain: "10.0.0.1"),
  ]

  @Test(arguments: vectors)
  func `the client is the nearest hop that is not trusted`(_ vector: AddressVector) throws {
    let test = try TestExchange(fields: vector.says, peer: vector.peer)
    #expect(try Self.policy().admit(test.exchange) == .pass)
    #expect(test.exchange.clientAddress?.description == vector.client)
    #expect(try test.upstream("x-forwarded-for") == [vector.chain])
    let logged =
      test.exchange.clientText.isEmpty ? vector.peer : test.text(test.exchange.clientText)
    #expect(logged == vector.client)
    #expect(try test.upstream("x-real-ip").isEmpty)
  }

  @Test func `a list longer than what is looked at gives the farthest known hop`() throws {
    let hops = (0..<40).map { "10.0.1.\($0)" }.joined(separator: ", ")
    let test = try TestExchange(fields: ["X-Forwarded-For: 1.1.1.1, \(hops)"], peer: "10.0.0.1")
    _ = try Self.policy().admit(test.exchange)
    #expect(test.exchange.clientAddress?.description == "10.0.1.24")
  }

  @Test(arguments: [
    ("for=192.0.2.1", "192.0.2.1"), ("for=\"[2001:db8::1]:80\";proto=https", "2001:db8::1"),
    ("proto=http;FOR=192.0.2.1", "192.0.2.1"), ("for=1.1.1.1, for=192.0.2.1", "192.0.2.1"),
    ("for=192.0.2.1, for=10.0.0.2;by=_x", "192.0.2.1"), ("for=unknown", "10.0.0.1"),
    ("for=\"_a,for=1.1.1.1\"", "10.0.0.1"), ("for=1.1.1.1;for=2.2.2.2", "10.0.0.1"),
    ("by=192.0.2.1", "10.0.0.1"), ("for=192.0.2.1, \"", "10.0.0.1"),
  ])
  func `Forwarded is read from the right`(value: String, client: String) throws {
    let test = try TestExchange(fields: ["Forwarded: \(value)"], peer: "10.0.0.1")
    _ = try Self.policy(.forwarded).admit(test.exchange)
    #expect(test.exchange.clientAddress?.description == client)
  }

  @Test func `the upstream reads one of each field, written from scratch`() throws {
    let test = try TestExchange(
      fields: [
        "Host: api.example.com:8443", "X-Forwarded-Proto: ftp", "X-Forwarded-Host: evil.example",
        "X-Forwarded-Port: 1", "Forwarded: for=1.2.3.4;host=evil.example",
      ], isSecure: true)
    _ = try Self.policy().admit(test.exchange)
    #expect(try test.upstream("x-forwarded-proto") == ["https"])
    #expect(try test.upstream("x-forwarded-host") == ["api.example.com:8443"])
    #expect(try test.upstream("x-forwarded-port") == ["8443"])
    #expect(
      try test.upstream("forwarded")
        == ["for=198.51.100.7;host=\"api.example.com:8443\";proto=https"])
  }

  @Test func `a trusted proxy says how the client came, each field only once and in form`() throws {
    let test = try TestExchange(
      fields: [
        "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example", "X-Forwarded-Port: 444",
        "X-Forwarded-For: 2001:db8::9",
      ], peer: "10.0.0.1", isSecure: false)
    _ = try Self.policy().admit(test.exchange)
    #expect(try test.upstream("x-forwarded-proto") == ["https"])
    #expect(try test.upstream("x-forwarded-host") == ["shop.example"])
    #expect(try test.upstream("x-forwarded-port") == ["444"])
    #expect(
      try test.upstream("forwarded")
        == ["for=\"[2001:db8::9]\", for=10.0.0.1;host=shop.example;proto=https"])
    let twice = try TestExchange(
      fields: [
        "X-Forwarded-Proto: https", "X-Forwarded-Proto: http", "X-Forwarded-Host: a b",
        "X-Forwarded-Port: 70000",
      ], peer: "10.0.0.1", isSecure: false)
    _ = try Self.policy().admit(twice.exchange)
    #expect(try twice.upstream("x-forwarded-proto") == ["http"])
    #expect(try twice.upstream("x-forwarded-host") == ["api.example.com"])
    #expect(try twice.upstream("x-forwarded-port") == ["80"])
  }

  @Test(arguments: ["198.51.100.7", "10.0.0.1", nil])
  func `no claim in any dialect reaches the upstream`(peer: String?) throws {
    let names = [
      "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Cluster-Client-IP", "CF-Connecting-IP",
      "Fastly-Client-IP", "Client-Cert", "Client-Cert-Chain", "X-SSL-Client-Cert",
      "X-Original-URL", "X-Rewrite-URL", "X-Original-Host", "X-Forwarded-Prefix",
      "X-Forwarded-URI", "X-Forwarded-Method", "X-Forwarded-Server", "X-Forwarded-SSL",
      "X-Forwarded", "X-Forwarded-Path", "X_Forwarded_For", "x-forwarded.for",
    ]
    let test = try TestExchange(fields: names.map { "\($0): canary" }, peer: peer)
    _ = try Self.policy().admit(test.exchange)
    #expect(try test.upstreamLines().allSatisfy { !$0.contains("canary") })
  }

  @Test func `a unix socket has no address and is not trusted`() throws {
    let test = try TestExchange(fields: ["X-Forwarded-For: 192.0.2.1"], peer: nil)
    _ = try Self.policy().admit(test.exchange)
    #expect(test.exchange.clientAddress == nil)
    #expect(!test.exchange.isPeerTrusted)
    #expect(try test.upstream("x-forwarded-for").isEmpty)
  }

  /// Lines about a stranger are kept by its connection and used again.
  @Test(arguments: [nil, "10.0.0.1", "198.51.100.7"] as [String?])
  func `each request of a connection is told as if it were the only one`(_ peer: String?) throws {
    let policy = try Self.policy()
    let shared = try TestExchange(peer: peer).exchange.connection
    let requests: [(host: String, fields: [String], isSecure: Bool)] = [
      ("a", [], true), ("a", ["X-Forwarded-For: 192.0.2.1"], true),
      ("a", ["Forwarded: for=x"], true),
      ("a", [], false), ("A", [], false), ("a:81", [], true), ("a:81", [], true),
      ("a:81", [], true),
      ("b", ["X-Forwarded-Proto: ftp"], true), ("b", ["X-Real-IP: 1"], true), ("b", [], true),
    ]
    for request in requests {
      let fields = request.fields + ["Host: \(request.host)"]
      let alone = try TestExchange(fields: fields, peer: peer, isSecure: request.isSecure)
      let together = try TestExchange(fields: fields, peer: peer, isSecure: request.isSecure)
      together.exchange.connection = shared
      for exchange in [alone.exchange, together.exchange] {
        #expect(try policy.admit(exchange) == .pass)
      }
      #expect(try together.upstreamLines() == alone.upstreamLines())
      #expect(together.exchange.clientAddress == alone.exchange.clientAddress)
      #expect(together.text(together.exchange.clientText) == alone.text(alone.exchange.clientText))
    }
  }
}
