// Whether the stores of limits answer, as the workers report it: one log line for each change.

import Logging
import RedisStore

/// The health of every store of the config that is served.
struct StoreRegistry {
  private(set) var health: [String: RedisHealth] = [:]
  /// This process among the gateways that share a store.
  private let instance = UInt64.random(in: 0 ... .max)
  private let log: Logger

  init(log: Logger) { self.log = log }

  mutating func adopt(_ definitions: [RedisDefinition]) {
    var next: [String: RedisHealth] = [:]
    let log = log
    for definition in definitions {
      next[definition.name] =
        health[definition.name]
        ?? RedisHealth(name: definition.name, instance: instance) { name, event in
          switch event {
          case .away(let reason):
            log.warning("redis \(name) is away: \(reason); limits hold by their on-failure")
          case .back: log.notice("redis \(name) is back: limits are shared again")
          }
        }
    }
    health = next
  }

  /// Whether each store answers, by name.
  var readings: [(name: String, isUp: Bool)] {
    health.values.map { ($0.name, $0.isUp) }.sorted { $0.0 < $1.0 }
  }
}
