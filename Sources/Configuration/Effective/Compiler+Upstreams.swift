// Upstreams of the effective config, and what their blocks must make sense of together.

extension Compiler {
  mutating func upstream(_ statement: CheckedStatement) -> UpstreamConfiguration {
    let block = statement.block
    let servers = block.all(CoreDirectives.server)
    let tls = block.first(CoreDirectives.upstreamTLS)
    let discovery = block.all(CoreDirectives.servers).first
    if servers.isEmpty, discovery == nil, statement.isBlockWhole {
      report(
        .missingValue, "upstream '\(statement.name)' has no server", at: statement.nameLocation)
    }
    if tls == nil {
      if let (found, place) = discovery, case .service(let name)? = found.source,
        !Endpoint.name(name, port: 1).isNearby
      {
        report(
          .plainUpstream,
          "what '\(name)' names is spoken to in clear text over a network that may be public",
          at: place.nameLocation, help: "add 'tls' to upstream '\(statement.name)'")
      }
      for (server, place) in servers where !server.endpoint.isNearby {
        plainServers.append(
          PlainServer(
            upstream: statement.name, endpoint: server.endpoint, location: place.nameLocation))
      }
    }
    checkProtocol(of: statement, hasTLS: tls != nil)
    let version = block.first(CoreDirectives.upstreamProtocol)?.version ?? .auto
    for (health, place) in block.all(CoreDirectives.health)
    where health.grpc != nil && version != .h2 && version != .h2c {
      report(
        .settingsConflict, "gRPC is spoken over HTTP/2, and this upstream may not be",
        at: place.location(of: "grpc"), help: "add 'protocol h2', or 'protocol h2c' without 'tls'")
    }
    return UpstreamConfiguration(
      name: statement.name, servers: servers.map(\.0), discovery: discovery?.0.source, tls: tls,
      balance: block.first(CoreDirectives.balance) ?? BalanceSettings(),
      sticky: block.first(CoreDirectives.sticky),
      outlier: block.first(CoreDirectives.outlier) ?? OutlierSettings(),
      health: block.first(CoreDirectives.health),
      breaker: block.first(CoreDirectives.breaker),
      connections: block.first(CoreDirectives.connections) ?? UpstreamConnectionSettings(),
      host: block.first(CoreDirectives.upstreamHost)?.host ?? .preserve,
      version: block.first(CoreDirectives.upstreamProtocol)?.version ?? .auto,
      location: statement.location)
  }

  /// HTTP/2 is chosen by TLS or known beforehand, never both.
  mutating func checkProtocol(of statement: CheckedStatement, hasTLS: Bool) {
    guard let (settings, place) = statement.block.all(CoreDirectives.upstreamProtocol).first
    else { return }
    switch settings.version {
    case .h2 where !hasTLS:
      report(
        .settingsConflict, "'protocol h2' needs 'tls'", at: place.nameLocation,
        help: "'protocol h2c' is HTTP/2 in clear text")
    case .h2c where hasTLS:
      report(
        .settingsConflict, "'protocol h2c' is HTTP/2 in clear text, and this upstream has 'tls'",
        at: place.nameLocation, help: "'protocol h2' is HTTP/2 over TLS")
    case .auto, .http11, .h2, .h2c: return
    }
  }

  /// HTTP/2 has no Upgrade: a route whose connections may change their protocol leads to servers
  /// that can change it.
  mutating func checkUpgrades(
    to upstreams: [UpstreamConfiguration], on routes: [EffectiveRoute]
  ) {
    var reported: Set<String> = []
    for route in routes where route.settings.folded.records["upgrade"]?.isOn == true {
      for share in route.shares {
        guard let upstream = upstreams.first(where: { $0.name == share.upstream }),
          upstream.version == .h2 || upstream.version == .h2c,
          reported.insert("\(route.id) \(upstream.name)").inserted
        else { continue }
        report(
          .settingsConflict,
          "route '\(route.id)' has 'upgrade', and upstream '\(upstream.name)' is spoken to in "
            + "HTTP/2 only, which has none", at: share.location,
          notes: [.init("the upstream", at: upstream.location)],
          help: "say 'upgrade off' in the route, or 'protocol auto' in the upstream")
      }
    }
  }

  /// A fallback stands in while a breaker is open: where no upstream has one, it would never act.
  mutating func checkFallbacks(
    behind upstreams: [UpstreamConfiguration], on routes: [EffectiveRoute]
  ) {
    let breaking = Set(upstreams.lazy.filter { $0.breaker != nil }.map(\.name))
    var acts: [SourceLocation: Bool] = [:]
    for route in routes {
      guard let record = route.settings.folded.records["fallback"], record.isOn,
        let place = record.switchedAt
      else { continue }
      acts[place, default: false] =
        acts[place, default: false] || route.shares.contains { breaking.contains($0.upstream) }
    }
    for place in acts.filter({ !$0.value }).keys.sorted() {
      report(
        .settingsConflict,
        "'fallback' answers while a breaker is open, and no upstream of its routes has one",
        at: place, help: "write 'breaker' in the upstream")
    }
  }

  /// A parameter that an upstream hashes by must be taken by every path of the routes that lead
  /// there.
  mutating func checkKeys(
    of upstreams: [UpstreamConfiguration], on routes: [EffectiveRoute]
  ) {
    var reported: Set<String> = []
    for route in routes {
      for share in route.shares {
        guard let upstream = upstreams.first(where: { $0.name == share.upstream }),
          case .pathParameter(let name)? = upstream.balance.key
        else { continue }
        let isTaken =
          !route.matches.isEmpty
          && route.matches.allSatisfy { match in
            !match.paths.isEmpty
              && match.paths.allSatisfy { $0.captures.contains { $0.name == name } }
          }
        guard !isTaken, reported.insert("\(route.id) \(upstream.name)").inserted else { continue }
        report(
          .unknownParameter,
          "upstream '\(upstream.name)' is balanced by 'path.\(name)', which route '\(route.id)' "
            + "does not take", at: share.location,
          notes: [.init("the upstream", at: upstream.location)])
      }
    }
  }
}

extension Endpoint {
  /// Whether it is loopback, private, or a name that only a private network gives.
  var isNearby: Bool {
    switch self {
    case .unix: return true
    case .address(let address, _): return address.isPrivate
    case .name(let name, _):
      let labels = name.split(separator: ".")
      let inner: Set<Substring> = ["localhost", "internal", "local", "lan", "svc", "test"]
      return labels.count == 1 || inner.contains(labels.last ?? "")
        || name.hasSuffix(".home.arpa")
    }
  }
}
