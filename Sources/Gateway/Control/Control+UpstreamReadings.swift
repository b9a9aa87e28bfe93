// How upstreams and servers are at this moment: for the metrics and for the admin listener.

import Configuration
import Engine
import Telemetry
import Upstreams

extension Control {
  /// How upstreams and servers are now.
  func upstreamReadings() -> [UpstreamReading] {
    guard let blueprint else { return [] }
    return blueprint.upstreams.compactMap { definition in
      guard let shared = sharedUpstreams[definition.name] else { return nil }
      var reading = UpstreamReading(
        name: definition.name,
        openConnections: UInt64(clamping: shared.openConnections.load(ordering: .relaxed)),
        servers: blueprint.servers(of: definition).compactMap { server in
          shared.known(server.name).map { self.reading(of: $0, in: shared) }
        })
      reading.breaker = shared.breaker.map { breaker in
        UpstreamReading.Breaker(
          state: breaker.state.rawValue, opened: breaker.openedCount,
          refused: breaker.refusedCount, fallbacks: shared.fallbackCount)
      }
      reading.retries = RetryRule.Cause.allCases.map { ($0.name, shared.retryCount(for: $0)) }
      reading.copies = UpstreamShared.CopyOutcome.allCases.map {
        ($0.name, shared.copyCount($0))
      }
      reading.deniedRetries = shared.deniedRetryCount
      return reading
    }
  }

  private func reading(
    of state: ServerState, in shared: UpstreamShared
  ) -> UpstreamReading.Server {
    UpstreamReading.Server(
      name: state.name, isFit: state.isFit(at: loop.now), inFlight: state.inFlight,
      failures: state.failedCount, ejections: shared.ejectionCount(of: state.name),
      latency: state.latencyMicroseconds(at: loop.now) &* 1_000,
      isHealthy: state.health == .unknown ? nil : state.health == .healthy,
      checks: (state.goodCheckCount, state.badCheckCount))
  }

  /// The answer to `GET /upstreams`.
  func upstreamsPage() -> String {
    JSON.members([
      "upstreams": .array(
        upstreamReadings().map { upstream in
          .members([
            "name": .string(upstream.name),
            "connections": .number(Int(clamping: upstream.openConnections)),
            "breaker": upstream.breaker.map { .string($0.state) },
            "servers": .array(upstream.servers.map(Self.page)),
          ])
        })
    ]).pretty
  }

  private static func page(_ server: UpstreamReading.Server) -> JSON {
    .members([
      "name": .string(server.name), "fit": .bool(server.isFit),
      "healthy": server.isHealthy.map { .bool($0) },
      "in_flight": .number(Int(clamping: server.inFlight)),
      "failures": .number(Int(clamping: server.failures)),
      "ejections": .number(Int(clamping: server.ejections)),
      "latency_us": .number(Int(clamping: server.latency / 1_000)),
    ])
  }
}
