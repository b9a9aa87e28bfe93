// The typed side of the effective config: what policies and the gateway read, with provenance.

import Testing

@testable import Configuration

@Suite struct EffectiveTests {
  private static let result = Corpus.load("ok-everything.conf")

  private static func edge() throws -> ListenerConfiguration {
    try #require(result.configuration?.listeners.first { $0.name == "edge" })
  }

  private static func route(_ id: String) throws -> EffectiveRoute {
    try #require(try edge().routes.first { $0.id == id })
  }

  @Test func `the nearest scope wins property by property, and each value knows its place`() throws
  {
    let settings = try Self.route("orders-api.list").settings
    #expect(settings.settings(of: TestPolicies.timeout)?.total == .seconds(30))
    #expect(settings.settings(of: TestPolicies.timeout)?.connect == .seconds(1))
    #expect(settings.provenance(of: "total", in: "timeout")?.line == 47)
    #expect(settings.provenance(of: "connect", in: "timeout")?.line == 35)
    #expect(settings.provenance(of: "name", in: "timeout") == nil)
  }

  @Test func `a record that is off has no settings`() throws {
    #expect(try Self.route("orders-api.catalog").settings.settings(of: TestPolicies.cors) == nil)
    #expect(try Self.route("orders-api.list").settings.settings(of: TestPolicies.cors) != nil)
  }

  @Test func `an action replaces any other action`() throws {
    #expect(try Self.route("orders-api.create").action == "to")
    #expect(try Self.route("orders-api.old").action == "redirect")
    #expect(try Self.route("orders-api.old").shares.isEmpty)
    let shares = try Self.route("orders-api.list").shares
    #expect(shares.map(\.upstream) == ["orders", "orders-v2"])
    #expect(shares.map(\.share) == [.percent(95), .percent(5)])
  }

  @Test func `a route knows its match lines and its group`() throws {
    let route = try Self.route("orders-api.catalog")
    #expect(route.matches.map { $0.paths.map(\.text) } == [["/v1/catalog/{id}"]])
    #expect(route.matches.map { $0.hosts.map(\.text) } == [["api.example.com"]])
    #expect(try Self.edge().scopes[try #require(route.scope)].name == "orders-api")
    #expect(try Self.route("hello").scope == nil)
  }

  @Test func `a listener that redirects serves no route by accident`() throws {
    let plain = try #require(Self.result.configuration?.listeners.first { $0.name == "plain" })
    #expect(plain.redirectsToHTTPS)
    #expect(plain.routes.isEmpty)
  }

  @Test func `a listener inherits the limits of defaults`() throws {
    let limits = try Self.edge().limits
    #expect(limits.fields == 50)
    #expect(limits.headBytes == .kibibytes(16))
    #expect(limits.connections == 10_000)
    #expect(try Self.edge().underscore == .refuse)
    #expect(try Self.edge().allowsHalfClose)
    #expect(try Self.edge().path.repairs == [.dots, .slashes])
  }

  @Test func `the process, upstreams and admin are typed`() throws {
    let configuration = try #require(Self.result.configuration)
    #expect(configuration.workers == .exactly(2))
    #expect(configuration.user == "sluice")
    #expect(configuration.grace.drainDelay == .seconds(2))
    #expect(configuration.admin?.binds.map(\.isLocal) == [true])
    let orders = try #require(configuration.upstreams.first { $0.name == "orders" })
    #expect(orders.servers.map(\.weight) == [10, 10])
    #expect(orders.tls?.serverName == "orders.internal")
    #expect(orders.host == .upstream)
    #expect(configuration.files == ["ok-everything.conf"])
  }

  @Test func `a route lives on the listeners that it names`() throws {
    let configuration = try #require(Corpus.load("ok-match-listener.conf").configuration)
    let routes = configuration.listeners.map { $0.routes.map(\.id) }
    #expect(routes == [["a"], ["b"], ["b"]])
  }

  @Test func `entries of a keyed set and a conjunction are typed`() throws {
    let limits = try #require(Corpus.load("ok-keyed-set.conf").configuration)
    let entries = limits.listeners[0].routes[0].settings.entries(of: TestPolicies.limit)
    #expect(
      Set(entries.map { "\($0.settings.bucket) \($0.settings.cost)" }) == ["writes 7", "extra 1"])
    let access = try #require(Corpus.load("ok-conjunction.conf").configuration)
    let counts = access.listeners[0].routes.map {
      $0.settings.entries(of: TestPolicies.access).count
    }
    #expect(counts == [2, 0])
  }

  @Test func `the explanation of a route shows where each value comes from`() throws {
    let configuration = try #require(Self.result.configuration)
    let text = try #require(configuration.explanation(ofRoute: "orders-api.list"))
    #expect(text.contains("timeout total=30s"))
    #expect(text.contains("ok-everything.conf:47:"))
    #expect(text.contains("timeout name=x"))
    #expect(text.contains("built in"))
    #expect(configuration.explanation(ofRoute: "nothing") == nil)
  }

  @Test func `ten thousand routes are checked in bounded time`() {
    var text = "sluice 1\nlistener edge {\n  bind :80\n}\ndefaults {\n  timeout total=3s\n}\n"
    for index in 0..<10_000 {
      text += "route r\(index) {\n  match path=/r/\(index)\n  auth none\n  respond 200\n}\n"
    }
    let files = MemoryFiles(["c.conf": text])
    let clock = ContinuousClock()
    var result: LoadResult?
    let elapsed = clock.measure {
      result = ConfigurationLoader(files: files, schema: TestPolicies.schema).load("c.conf")
    }
    #expect(result?.configuration?.listeners.first?.routes.count == 10_000)
    // Without optimisation; a release checks them in a fraction of a second.
    #expect(elapsed < .seconds(30))
  }
}
