// Limits whose buckets stand in a store that says what the test wants, or nothing.

import Buckets
import Configuration
import PolicyChain
import Testing

@testable import Policies

@Suite struct LimitStoreTests {
  /// A store that answers as told.
  final class FakeStore: LimitStore {
    var isReachable = true
    var gatewayCount: UInt64 = 1
    var refusals = RefusedKeys()
    /// Tokens that each bucket has; nil: there is no answer.
    var tokens: UInt64?
    private(set) var askedCount = 0

    init(tokens: UInt64?) { self.tokens = tokens }

    func decide(_ questions: [BucketQuestion], for exchange: Exchange) async -> StoreDecision? {
      askedCount += 1
      guard let tokens else { return nil }
      let answers = questions.map { question in
        let level = tokens * question.meter.unitsPerToken
        let hasEnough = level >= question.units
        return BucketAnswer(
          level: hasEnough ? level - question.units : level, hasEnough: hasEnough)
      }
      return StoreDecision(
        passes: answers.allSatisfy(\.hasEnough),
        time: MeterTime(monotonicMicroseconds: 1, wallMilliseconds: 0), answers: answers)
    }
  }

  /// The chain of a route whose limits are `shared`, in the store, and `own`, in this process.
  static func chain(_ store: FakeStore, onFailure: StoreFailureMode) throws -> PolicyChain {
    let result = ExampleTests.load(
      """
      sluice 1
      redis main url=redis://127.0.0.1:1
      bucket shared rate=1/d burst=6 store=main on-failure=\(onFailure.rawValue)
      bucket own rate=1/d burst=3
      listener edge {
        bind 127.0.0.1:8080
      }
      route example {
        match path=/**
        auth none
        limit shared
        limit own
        respond 204
      }

      """)
    let configuration = try #require(
      result.configuration, "\(result.diagnostics.map(\.message))")
    let seed = HashSeed(first: 1, second: 2)
    let buckets = configuration.buckets.map { settings in
      (
        settings.name,
        SharedBucket(
          settings, metric: 0, seed: seed, furtherSeed: seed, onFailure: onFailure)
      )
    }
    let context = ChainContext(
      isSecure: false, keepsAmbiguousNames: false, verifiers: [:], parameterNames: [],
      buckets: Dictionary(uniqueKeysWithValues: buckets),
      bulkheads: BulkheadRegistry(seed: seed), stores: ["main": store])
    let route = try #require(configuration.listeners.first?.routes.first)
    let limits = Limits(
      route.settings.entries(of: LimitDirectives.limit).map(\.settings), context, tiers: [:])
    return PolicyChain(
      steps: [.deliberation(limits)], egress: [limits], destination: RelayedDestination())
  }

  /// The statuses of so many requests; 0 is one that passed.
  static func run(_ chain: PolicyChain, _ count: Int) async throws -> [UInt16] {
    var statuses: [UInt16] = []
    for _ in 0..<count {
      let test = try TestExchange()
      await test.run(chain)
      statuses.append(test.exchange.response.status)
    }
    return statuses
  }

  @Test func `what the store refuses takes nothing here`() async throws {
    let store = FakeStore(tokens: 0)
    let chain = try Self.chain(store, onFailure: .local)
    #expect(try await Self.run(chain, 5) == [429, 429, 429, 429, 429])
    store.tokens = 100
    store.refusals = RefusedKeys()
    #expect(try await Self.run(chain, 4).count { $0 == 429 } == 1)
  }

  @Test func `a key that the store has refused is not asked for again`() async throws {
    let store = FakeStore(tokens: 0)
    let chain = try Self.chain(store, onFailure: .local)
    _ = try await Self.run(chain, 10)
    #expect(store.askedCount == 1)
  }

  @Test func `what is not passed here is not asked for`() async throws {
    let store = FakeStore(tokens: 100)
    let chain = try Self.chain(store, onFailure: .local)
    #expect(try await Self.run(chain, 5).count { $0 == 429 } == 2)
    #expect(store.askedCount == 3)
  }

  @Test(arguments: [true, false])
  func `without an answer the gateway counts its share`(isReachable: Bool) async throws {
    let store = FakeStore(tokens: nil)
    store.isReachable = isReachable
    store.gatewayCount = 3
    let chain = try Self.chain(store, onFailure: .local)
    // A third of six tokens, and of the other bucket no more than passed.
    #expect(try await Self.run(chain, 4).count { $0 == 429 } == 2)
    #expect(store.askedCount == (isReachable ? 4 : 0))
    store.gatewayCount = 1
    store.isReachable = true
    store.tokens = 100
    #expect(try await Self.run(chain, 2).count { $0 == 429 } == 1)
  }

  @Test func `a failing store lets pass or refuses, as the config says`() async throws {
    let store = FakeStore(tokens: nil)
    let allowing = try Self.chain(store, onFailure: .allow)
    #expect(try await Self.run(allowing, 4).count { $0 == 429 } == 1)
    let denying = try Self.chain(store, onFailure: .deny)
    #expect(try await Self.run(denying, 4) == [503, 503, 503, 503])
  }
}
