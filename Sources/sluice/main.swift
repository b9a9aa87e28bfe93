import Bytes
import Configuration
import Engine
import Gateway
import Glibc
import PolicyChain
import Upstreams

let label = ServerLabel(
  upstream: "orders", server: "127.0.0.1:9000", upstreamMetric: 0, serverMetric: 0)
guard let local = IPAddress("127.0.0.1") else { exit(1) }
var limits = ConnectionLimits()
limits.requestsMax = .max
limits.perClientMax = 100_000
let blueprint = Blueprint(
  listeners: [
    ListenerBlueprint(
      id: ListenerID(index: 0), name: "plain", addresses: [.ip(local, port: 7015)], limits: limits,
      isSecure: false, servesNamedOnly: false,
      routes: [
        RouteBlueprint(
          label: RouteLabel(name: "all", metric: 1), matches: [], policies: [],
          action: .forward([(upstream: 0, share: 1)]), parameterNames: [])
      ], scopes: [], outermost: [])
  ],
  upstreams: [
    UpstreamDefinition(
      name: "orders",
      servers: [
        ServerDefinition(
          host: .address(.ip(local, port: 9000)), weight: 1, name: "127.0.0.1:9000", label: label)
      ], hostRule: .preserve, connectionsMax: 1000, idleMax: 512, idleTimeout: 60_000)
  ], hash: "x")
let loop = try EventLoop()
let control = Control(on: loop, workers: 1)
Task.detached(executorPreference: loop) {
  do { try await control.thinSlice(blueprint) } catch { print(error) }
}
loop.run()
