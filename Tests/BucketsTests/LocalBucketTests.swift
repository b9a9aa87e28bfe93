// Buckets in memory: exact over threads, all or nothing over several, bounded under a flood.

import Testing

@testable import Buckets

@Suite struct LocalBucketTests {
  static let start = MeterTime(monotonicMicroseconds: 1, wallMilliseconds: 0)

  static func bucket(
    _ count: UInt64, burst: UInt64, period: UInt64 = 1000
  ) throws -> LocalBucket {
    LocalBucket(try #require(Meter(count: count, periodMilliseconds: period, burst: burst)))
  }

  /// One request on one bucket.
  static func ask(
    _ bucket: LocalBucket, key: UInt64 = 7, tokens: UInt64 = 1, isShadow: Bool = false,
    at now: MeterTime = start
  ) -> (passes: Bool, outcome: ChargeOutcome) {
    var outcomes = Charges.Outcomes(repeating: ChargeOutcome())
    outcomes[0].key = key
    let charges = Charges([Charge(bucket, tokens: tokens, isShadow: isShadow)])
    return (charges.decide(at: now, &outcomes), outcomes[0])
  }

  @Test func `a burst passes, and then one token at a time`() throws {
    let bucket = try Self.bucket(10, burst: 3)
    for left in [2, 1, 0] as [UInt64] {
      let (passes, outcome) = Self.ask(bucket)
      #expect(passes && outcome.remaining == left)
    }
    let refused = Self.ask(bucket)
    #expect(!refused.passes && refused.outcome.seconds == 1)
    let early = MeterTime(monotonicMicroseconds: 100_000, wallMilliseconds: 0)
    #expect(!Self.ask(bucket, at: early).passes)
    let due = MeterTime(monotonicMicroseconds: 100_001, wallMilliseconds: 0)
    #expect(Self.ask(bucket, at: due).passes)
    #expect(!Self.ask(bucket, at: due).passes)
  }

  @Test func `another key has its own tokens`() throws {
    let bucket = try Self.bucket(1, burst: 1)
    #expect(Self.ask(bucket, key: 1).passes)
    #expect(Self.ask(bucket, key: 2).passes)
    #expect(!Self.ask(bucket, key: 1).passes)
  }

  @Test func `a request that costs more than is left takes nothing`() throws {
    let bucket = try Self.bucket(1, burst: 10)
    #expect(Self.ask(bucket, tokens: 7).passes)
    let refused = Self.ask(bucket, tokens: 5)
    #expect(!refused.passes)
    #expect(refused.outcome.remaining == 3 && refused.outcome.seconds == 2)
    #expect(Self.ask(bucket, tokens: 3).passes)
  }

  @Test func `a limit that only watches refuses nothing`() throws {
    let bucket = try Self.bucket(1, burst: 1)
    #expect(Self.ask(bucket, isShadow: true).outcome.isPassed)
    let watched = Self.ask(bucket, isShadow: true)
    #expect(watched.passes && !watched.outcome.isPassed)
  }

  @Test func `a refusal by one bucket takes nothing from the other`() throws {
    let wide = try Self.bucket(1, burst: 10)
    let narrow = try Self.bucket(1, burst: 1)
    let charges = Charges([
      Charge(wide, tokens: 1, isShadow: false), Charge(narrow, tokens: 1, isShadow: false),
    ])
    for request in 0..<5 {
      var outcomes = Charges.Outcomes(repeating: ChargeOutcome())
      outcomes[0].key = 1
      outcomes[1].key = 2
      #expect(charges.decide(at: Self.start, &outcomes) == (request == 0))
      #expect(outcomes[0].isPassed && outcomes[0].remaining == 9)
    }
  }

  @Test func `threads together get exactly what there is`() async throws {
    let bucket = try Self.bucket(1, burst: 1000)
    let passed = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<500).count { _ in Self.ask(bucket).passes } }
      }
      return await group.reduce(0, +)
    }
    #expect(passed == 1000)
  }

  @Test func `a flood of keys is bounded, and forgets no blocked key`() throws {
    let bucket = try Self.bucket(1, burst: 10, period: 86_400_000)
    var generator = Generator(state: 20_261_124)
    let blocked = (0..<100).map { _ in generator.next() }
    for key in blocked { #expect(Self.ask(bucket, key: key, tokens: 10).passes) }
    for _ in 0..<2 * LocalBucket.keysMax {
      #expect(Self.ask(bucket, key: generator.next()).passes)
    }
    #expect(bucket.slotCount == LocalBucket.keysMax)
    for key in blocked { #expect(!Self.ask(bucket, key: key).passes) }
  }

  @Test func `keys that are full again give their place to others`() throws {
    let bucket = try Self.bucket(1000, burst: 1)
    var generator = Generator(state: 1)
    for step in 0..<100_000 as Range<UInt64> {
      let now = MeterTime(monotonicMicroseconds: step * 100, wallMilliseconds: 0)
      #expect(Self.ask(bucket, key: generator.next(), at: now).passes)
    }
    // Ten keys are on their way back at any time.
    #expect(bucket.slotCount <= 32 * KeyTable.ways * 2)
  }

  /// SplitMix64: keys as a keyed hash gives them, the same in every run.
  struct Generator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
      return word ^ word >> 31
    }
  }
}
