// What Control does for the servers of upstreams: it tells what happened to them, takes the share
// of errors, and reads how they are.

import Configuration
import Engine
import Telemetry
import Upstreams

extension Control {
  /// Between two looks at the servers, in milliseconds.
  private static let lookInterval: UInt64 = 250

  /// Looks after the servers until the end.
  func watchUpstreams() async {
    while await upstreamWatcher.sleep(milliseconds: Self.lookInterval) != .cancelled {
      for definition in blueprint?.upstreams ?? [] { look(at: definition) }
    }
  }

  private func look(at definition: UpstreamDefinition) {
    guard let shared = sharedUpstreams[definition.name] else { return }
    detectors[definition.name, default: OutlierDetector()].examine(
      shared, servers: definition.servers.map(\.name), by: definition.outlier, at: loop.now)
    let (events, lost) = shared.events.take()
    for event in events { tell(event, of: definition.name) }
    if lost > 0 { log.warning("upstream \(definition.name): \(lost) events were not told") }
  }

  private func tell(_ event: UpstreamEvent, of upstream: String) {
    switch event.change {
    case .ejected(let cause, let milliseconds):
      let why =
        switch cause {
        case .consecutive(let count): "\(count) failures in a row"
        case .share(let failed, let all): "\(failed) of \(all) requests failed"
        }
      log.warning(
        "a server is ejected",
        metadata: [
          "upstream": "\(upstream)", "server": "\(event.server)", "cause": "\(why)",
          "for": "\(milliseconds)ms",
        ])
    }
  }

  /// Forgets what no config has any more.
  func forgetUpstreams(except blueprint: Blueprint) {
    let names = Set(blueprint.upstreams.map(\.name))
    detectors = detectors.filter { names.contains($0.key) }
    for definition in blueprint.upstreams {
      sharedUpstreams[definition.name]?.forget(except: Set(definition.servers.map(\.name)))
    }
  }

  /// How upstreams and servers are now.
  func upstreamReadings() -> [UpstreamReading] {
    (blueprint?.upstreams ?? []).compactMap { definition in
      guard let shared = sharedUpstreams[definition.name] else { return nil }
      return UpstreamReading(
        name: definition.name,
        openConnections: UInt64(clamping: shared.openConnections.load(ordering: .relaxed)),
        servers: definition.servers.compactMap { server in
          shared.known(server.name).map { reading(of: $0, in: shared) }
        })
    }
  }

  private func reading(
    of state: ServerState, in shared: UpstreamShared
  ) -> UpstreamReading.Server {
    UpstreamReading.Server(
      name: state.name, isFit: state.isFit(at: loop.now), inFlight: state.inFlight,
      failures: state.failedCount, ejections: shared.ejectionCount(of: state.name),
      latency: state.latencyMicroseconds(at: loop.now) &* 1_000)
  }

  /// The answer to `GET /upstreams`.
  func upstreamsPage() -> String {
    JSON.members([
      "upstreams": .array(
        upstreamReadings().map { upstream in
          .members([
            "name": .string(upstream.name),
            "connections": .number(Int(clamping: upstream.openConnections)),
            "servers": .array(upstream.servers.map(Self.page)),
          ])
        })
    ]).pretty
  }

  private static func page(_ server: UpstreamReading.Server) -> JSON {
    .members([
      "name": .string(server.name), "fit": .bool(server.isFit),
      "in_flight": .number(Int(clamping: server.inFlight)),
      "failures": .number(Int(clamping: server.failures)),
      "ejections": .number(Int(clamping: server.ejections)),
      "latency_us": .number(Int(clamping: server.latency / 1_000)),
    ])
  }
}
