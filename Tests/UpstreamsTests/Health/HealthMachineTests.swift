// Rise and fall against a plain model.

import LoopBench
import Testing

@testable import Upstreams

extension HealthRule {
  static func test(
    path: String? = "/healthz", every: UInt64 = 20, timeout: UInt64 = 1_000, rise: Int = 2,
    fall: Int = 3
  ) -> HealthRule {
    HealthRule(
      path: path, grpc: nil, every: every, timeout: timeout, rise: rise, fall: fall,
      expect: StatusSet([200...299]), startsHealthy: false)
  }
}

@Suite struct HealthMachineTests {
  /// The health that a whole history of checks makes, the newest last.
  private static func health(
    after history: [Bool], start: ServerState.Health, _ rule: HealthRule
  ) -> ServerState.Health {
    guard let first = history.first else { return start }
    var health: ServerState.Health = first ? .healthy : .unhealthy
    for end in history.indices.dropFirst() {
      let isHealthy = health == .healthy
      let row = history[1...end].reversed().prefix { $0 != isHealthy }.count
      if row >= (isHealthy ? rule.fall : rule.rise) { health = isHealthy ? .unhealthy : .healthy }
    }
    return health
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func `the machine follows the model`(seed: UInt64) {
    var random = Seeded(seed: seed)
    let rule = HealthRule.test(
      rise: .random(in: 1...4, using: &random), fall: .random(in: 1...4, using: &random))
    let start: ServerState.Health = Bool.random(using: &random) ? .healthy : .unhealthy
    var machine = HealthMachine(start, isChecked: false)
    var history: [Bool] = []
    for step in 0..<200 {
      let before = machine.health
      let isGood = Int.random(in: 0..<3, using: &random) > 0
      history.append(isGood)
      let change = machine.ended(isGood: isGood, by: rule)
      let wanted = Self.health(after: history, start: start, rule)
      #expect(machine.health == wanted, "seed \(seed), step \(step)")
      #expect((change != nil) == (machine.health != before), "seed \(seed), step \(step)")
    }
  }

  @Test func `a server that was checked before is not judged by one check`() {
    var machine = HealthMachine(.healthy, isChecked: true)
    let changes = (0..<3).map { _ in machine.ended(isGood: false, by: .test()) }
    #expect(changes == [nil, nil, .unhealthy])
  }
}
