// Golden heads: what each profile puts on answers, and what it takes off.

import Configuration
import HTTPMessage
import PolicyChain
import Testing

@testable import Policies

@Suite struct SecureHeadersTests {
  static func lines(
    isSecure: Bool = true, upstream: [String] = [],
    _ change: (inout SecureHeaders.Settings) -> Void = { _ in }
  ) async throws -> [String] {
    var settings = SecureHeaders.Settings()
    change(&settings)
    let test = try TestExchange()
    let policy = SecureHeaders(settings, isSecure: isSecure)
    await test.run(
      PolicyChain(
        steps: [], egress: [policy], destination: FakeUpstream(test, fields: upstream)))
    return try test.clientLines()
  }

  @Test func `the api profile is this`() async throws {
    #expect(
      try await Self.lines() == [
        "HTTP/1.1 200 OK",
        "Strict-Transport-Security: max-age=63072000; includeSubDomains",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: deny",
        "Referrer-Policy: no-referrer",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy: same-origin",
        "Permissions-Policy: accelerometer=(), camera=(), geolocation=(), gyroscope=(), "
          + "magnetometer=(), microphone=(), payment=(), usb=()",
        "X-Permitted-Cross-Domain-Policies: none",
        "X-DNS-Prefetch-Control: off",
        "Content-Length: 0",
      ])
  }

  @Test func `the web profile adds isolation, caching and a wider policy`() async throws {
    let lines = try await Self.lines { $0.profile = .web }
    #expect(lines.contains("Cross-Origin-Opener-Policy: same-origin"))
    #expect(lines.contains("Cross-Origin-Embedder-Policy: require-corp"))
    #expect(lines.contains("Cache-Control: no-store, max-age=0"))
    #expect(
      lines.contains(
        "Content-Security-Policy: default-src 'self'; form-action 'self'; base-uri 'self'; "
          + "object-src 'none'; frame-ancestors 'none'; upgrade-insecure-requests"))
    let permissions = lines.first { $0.hasPrefix("Permissions-Policy: ") }
    #expect(permissions?.split(separator: ",").count == 29)
  }

  @Test func `HSTS is never sent in clear text`() async throws {
    let lines = try await Self.lines(isSecure: false)
    #expect(!lines.contains { $0.hasPrefix("Strict-Transport-Security") })
    #expect(lines.contains("X-Frame-Options: deny"))
  }

  @Test func `an application's own policy and caching stay, the rest is set`() async throws {
    let lines = try await Self.lines(
      upstream: [
        "Content-Security-Policy: default-src 'self'", "Cache-Control: max-age=60",
        "X-Frame-Options: ALLOWALL", "Referrer-Policy: unsafe-url",
        "Strict-Transport-Security: max-age=0",
      ]
    ) { $0.profile = .web }
    func values(_ name: String) -> [String] { TestExchange.values(name, in: lines) }
    #expect(values("content-security-policy") == ["default-src 'self'"])
    #expect(values("cache-control") == ["max-age=60"])
    #expect(values("x-frame-options") == ["deny"])
    #expect(values("referrer-policy") == ["no-referrer"])
    #expect(values("strict-transport-security") == ["max-age=63072000; includeSubDomains"])
  }

  @Test(arguments: ["Content-Security-Policy", "Cache-Control"])
  func `one of the two being there does not cost the other`(name: String) async throws {
    let lines = try await Self.lines(upstream: ["\(name): own"]) { $0.profile = .web }
    for field in ["Content-Security-Policy", "Cache-Control"] {
      let values = TestExchange.values(field, in: lines)
      #expect(values.count == 1)
      #expect((values == ["own"]) == (field == name))
    }
  }

  @Test(arguments: [
    "Server: nginx/1.22.1", "X-Powered-By: PHP/8.2", "X-AspNet-Version: 4.0",
    "X-Envoy-Upstream-Service-Time: 3", "X-Kong-Proxy-Latency: 1", "X-B3-TraceId: 1",
    "X-Generator: Drupal", "Via-Nothing: stays",
  ])
  func `what tells about servers is taken off`(line: String) async throws {
    let lines = try await Self.lines(upstream: [line])
    #expect(lines.contains(line) == line.hasPrefix("Via-Nothing"))
  }

  @Test func `single headers change or go`() async throws {
    let lines = try await Self.lines {
      $0.hstsMaxAge = .days(365)
      $0.coversSubdomains = false
      $0.referrerPolicy = .text("same-origin")
      $0.permissionsPolicy = .off
      $0.cacheControl = .text("no-store")
    }
    #expect(lines.contains("Strict-Transport-Security: max-age=31536000"))
    #expect(lines.contains("Referrer-Policy: same-origin"))
    #expect(lines.contains("Cache-Control: no-store"))
    #expect(!lines.contains { $0.hasPrefix("Permissions-Policy") })
  }

  @Test func `an answer that Sluice makes has them too`() throws {
    let test = try TestExchange()
    test.exchange.answer(.refused(.noRoute))
    SecureHeaders(SecureHeaders.Settings(), isSecure: true).egress(test.exchange)
    let lines = try test.clientLines()
    #expect(TestExchange.values("x-content-type-options", in: lines) == ["nosniff"])
    #expect(TestExchange.values("cache-control", in: lines) == ["no-store"])
  }

  @Test func `a value that is no field value is refused where it stands`() {
    let problems = ExampleTests.problems("secure-headers referrer-policy=\"a\\nb\"")
    #expect(problems.count == 1)
    #expect(problems.first?.contains("must be visible ASCII") == true)
  }
}
