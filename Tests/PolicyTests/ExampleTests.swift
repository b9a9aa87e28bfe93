// Every example of every manual, run: its config compiled by the real compiler, its requests sent
// through the whole standard chain to an upstream that tells what it got.

import Buckets
import Configuration
import PolicyChain
import Testing

@testable import Policies

/// One example, by the directive that it belongs to.
struct ExampleCase: Sendable, CustomTestStringConvertible {
  let directive: String
  let isAction: Bool
  let example: Example

  var testDescription: String { "\(directive): \(example.claim)" }

  static let all: [ExampleCase] = StandardPolicies.all.filter {
    !$0.isCore
  }.flatMap { registration in
    let shape = registration.declaration.shape
    return shape.examples.map {
      ExampleCase(
        directive: shape.directive, isAction: shape.inheritance == .action, example: $0)
    }
  }

  /// The example's statements in the smallest config that holds them.
  var config: String {
    """
    sluice 1
    listener edge {
      bind 127.0.0.1:8080
    }
    bucket per-route rate=1/s burst=2 key=[route client.ip]
    upstream origin {
      server 127.0.0.1:9000
    }
    route example {
      match path=/**
      auth none
      \(example.config)
      \(isAction ? "" : "to origin")
    }
    """ + "\n"
  }
}

@Suite struct ExampleTests {
  static let schema = Schema(
    directives: CoreDirectives.all + StandardPolicies.directives)

  static func load(_ text: String) -> LoadResult {
    ConfigurationLoader(files: MemoryFiles(["routes.conf": text]), schema: schema)
      .load("routes.conf")
  }

  /// The messages of all errors that a route with these statements has.
  static func problems(_ statements: String, isAction: Bool = false) -> [String] {
    let example = ExampleCase(
      directive: "", isAction: isAction, example: Example("", config: statements))
    return load(example.config).diagnostics.filter { $0.severity == .error }.map(\.message)
  }

  /// The standard chain of a route; unless said, of the only one, on its only listener.
  static func chain(
    _ configuration: EffectiveConfiguration, _ upstream: any Destination,
    of route: EffectiveRoute? = nil, verifiers: [String: any IdentityVerifier] = [:]
  ) throws -> PolicyChain {
    let only = configuration.listeners.first?.routes.first
    let route = try #require(route ?? only)
    return chain(of: route.settings, in: configuration, upstream, verifiers: verifiers)
  }

  /// The standard chain of one route's effective settings.
  static func chain(
    of settings: EffectiveSettings, in configuration: EffectiveConfiguration,
    _ upstream: any Destination, verifiers: [String: any IdentityVerifier]
  ) -> PolicyChain {
    let buckets = configuration.buckets.map {
      (
        $0.name,
        SharedBucket(
          $0, metric: 0, seed: HashSeed(first: 1, second: 2),
          furtherSeed: HashSeed(first: 3, second: 4), onFailure: .local)
      )
    }
    var context = ChainContext(
      isSecure: false, keepsAmbiguousNames: false, verifiers: verifiers, parameterNames: [],
      buckets: Dictionary(uniqueKeysWithValues: buckets),
      bulkheads: BulkheadRegistry(seed: HashSeed(first: 1, second: 2)), stores: [:])
    var steps = StandardPolicies.unconditional(nil, configuration.clientAddress)
      .map { PolicyChain.Step.admission($0) }
    var egress: [any Egress] = []
    var destination = upstream
    for registration in StandardPolicies.all {
      for statement in registration.statements(settings) {
        context.place = statement.place
        let parts = registration.build(statement.settings, context)
        if let part = parts.admission { steps.append(.admission(part)) }
        if let part = parts.deliberation { steps.append(.deliberation(part)) }
        if let part = parts.wrapping { steps.append(.wrapping(part)) }
        if let part = parts.egress { egress.append(part) }
        if let part = parts.destination { destination = part }
      }
    }
    return PolicyChain(steps: steps, egress: egress, destination: destination)
  }

  @Test(arguments: ExampleCase.all)
  func `an example does what it claims`(_ example: ExampleCase) async throws {
    let result = Self.load(example.config)
    let configuration = try #require(
      result.configuration, "\(result.diagnostics.map(\.message))")
    #expect(!example.example.exchanges.isEmpty, "An example shows a request.")
    let relay = RelayedDestination()
    let chain = try Self.chain(configuration, relay)
    for exchange in example.example.exchanges {
      let test = try TestExchange(
        exchange.request, fields: exchange.fields, body: exchange.body, isSecure: false)
      let upstream = FakeUpstream(test)
      relay.upstream = upstream
      await test.run(chain)
      try check(exchange.expectation, test, upstream)
    }
  }

  @Test(arguments: StandardPolicies.all.filter { !$0.isCore }.map(\.declaration.shape.directive))
  func `every policy has examples`(directive: String) {
    #expect(ExampleCase.all.contains { $0.directive == directive })
  }

  private func check(
    _ expectation: ExampleExpectation, _ test: TestExchange, _ upstream: FakeUpstream
  ) throws {
    let answer = try test.clientLines()
    switch expectation {
    case .forwarded(let path, let fields, let without, let answerFields):
      let received = try #require(upstream.received, "\(answer)")
      if let path { #expect(received[0].split(separator: " ")[1] == path) }
      for field in fields { #expect(contains(field, received), "\(received)") }
      for field in without { #expect(!contains(field, received), "\(received)") }
      for field in answerFields { #expect(contains(field, answer), "\(answer)") }
    case .answered(let status, let fields, let body):
      #expect(upstream.received == nil)
      #expect(test.exchange.response.status == status)
      for field in fields { #expect(contains(field, answer), "\(answer)") }
      if let body { #expect(test.bodyText == body) }
    case .refused(let status, let reason):
      #expect(upstream.received == nil)
      #expect(test.exchange.response.status == status)
      #expect(test.bodyText.contains("\"reason\":\"\(reason)\""))
    }
  }

  /// Whether a line is there, whatever the case of its name; a name alone stands for any value.
  private func contains(_ field: String, _ lines: [String]) -> Bool {
    guard let colon = field.firstIndex(of: ":") else {
      return !TestExchange.values(field, in: lines).isEmpty
    }
    let value = field[field.index(after: colon)...].drop { $0 == " " }
    return TestExchange.values(String(field[..<colon]), in: lines).contains(String(value))
  }
}

/// The innermost end of a chain that serves several exchanges, each with an upstream of its own.
final class RelayedDestination: Destination {
  var upstream: (any Destination)?

  func respond(to exchange: Exchange) async throws(Failure) {
    try await upstream?.respond(to: exchange)
  }
}
