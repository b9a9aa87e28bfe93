// From the config language's result to what the gateway runs. Nothing is checked here: a config
// that has errors never gets this far.

import Bytes
import Configuration
import Engine
import HTTP1
import HTTPMessage
import Policies
import PolicyChain
import Telemetry
import Upstreams

/// Turns effective configs into blueprints. Ids of names stay the same from one config to the next.
struct BlueprintCompiler {
  private let policies: [Registration]
  private var security = SecurityMaterial()
  private(set) var names = MetricNames()

  init(policies: [Registration]) {
    self.policies = policies
    for error in HTTP1Error.allCases {
      _ = names.protocolErrors.id(of: error.reason.description)
    }
    _ = names.protocolErrors.id(of: "connection_limit")
  }

  /// Metric ids of broken rules, by their tokens.
  var protocolErrors: [String: UInt16] {
    Dictionary(
      uniqueKeysWithValues: names.protocolErrors.names.enumerated().map {
        ($1, UInt16(truncatingIfNeeded: $0))
      })
  }

  /// - Parameter security: what was read from the certificate files that the config names.
  mutating func compile(
    _ configuration: EffectiveConfiguration, security: SecurityMaterial, hash: String
  ) -> Blueprint {
    self.security = security
    let upstreams = configuration.upstreams.map { upstream($0) }
    let indices = Dictionary(
      uniqueKeysWithValues: upstreams.enumerated().map { ($1.name, $0) })
    let listeners = configuration.listeners.map { listener($0, upstreams: indices) }
    return Blueprint(
      listeners: listeners, upstreams: upstreams, buckets: configuration.buckets,
      clientAddress: configuration.clientAddress, hash: hash)
  }

  /// The id of a bucket in the metrics.
  mutating func bucketMetric(_ name: String) -> UInt16 { names.buckets.id(of: name) }

  // MARK: Upstreams

  private mutating func upstream(_ upstream: UpstreamConfiguration) -> UpstreamDefinition {
    let id = names.upstreams.id(of: upstream.name)
    let servers = upstream.servers.map { settings in
      let name = settings.endpoint.description
      return ServerDefinition(
        host: host(settings.endpoint), weight: settings.weight, name: name,
        label: ServerLabel(
          upstream: upstream.name, server: name, upstreamMetric: id,
          serverMetric: names.server(name, of: id)))
    }
    let rule: HostRule =
      switch upstream.host {
      case .preserve: .preserve
      case .upstream: .upstream
      case .name(let name): .fixed(Array(name.utf8))
      }
    return UpstreamDefinition(
      name: upstream.name, servers: servers, hostRule: rule,
      security: security.upstreams[upstream.name], connectionsMax: upstream.connections.max,
      idleMax: upstream.connections.idle,
      idleTimeout: UInt64(upstream.connections.idleTimeout.milliseconds))
  }

  private func host(_ endpoint: Endpoint) -> ServerDefinition.Host {
    switch endpoint {
    case .name(let name, let port): .name(name, port: port)
    case .address(let address, let port): .address(.ip(Bytes.IPAddress(address), port: port))
    case .unix(let path): .address(.unix(path))
    }
  }

  // MARK: Listeners

  private mutating func listener(
    _ listener: ListenerConfiguration, upstreams: [String: Int]
  ) -> ListenerBlueprint {
    ListenerBlueprint(
      id: ListenerID(index: Int(names.listeners.id(of: listener.name))), name: listener.name,
      addresses: listener.binds.flatMap { Self.addresses($0.address) }, limits: limits(listener),
      security: security.listeners[listener.name], servesNamedOnly: listener.servesNamedOnly,
      redirectsToHTTPS: listener.redirectsToHTTPS,
      routes: listener.routes.map { route($0, upstreams: upstreams) },
      scopes: listener.scopes.map {
        ScopeBlueprint(matches: $0.matches, parent: $0.parent, policies: blueprints($0.settings))
      }, outermost: blueprints(listener.settings))
  }

  private mutating func route(
    _ route: EffectiveRoute, upstreams: [String: Int]
  ) -> RouteBlueprint {
    let shares = route.shares.compactMap { share in
      upstreams[share.upstream].map {
        (upstream: $0, share: UInt32(clamping: share.share.millionths))
      }
    }
    var parameters: [String] = []
    for path in route.matches.flatMap(\.paths) {
      for capture in path.captures where !parameters.contains(capture.name) {
        parameters.append(capture.name)
      }
    }
    return RouteBlueprint(
      label: RouteLabel(name: route.id, metric: names.routes.id(of: route.id)),
      matches: route.matches, policies: blueprints(route.settings),
      action: route.action == "to" ? .forward(shares) : .answer, parameterNames: parameters)
  }

  /// The policies that hold in a scope, in the order of the chain.
  private func blueprints(_ settings: EffectiveSettings) -> [PolicyBlueprint] {
    policies.flatMap { registration in
      registration.statements(settings).map { PolicyBlueprint(registration, settings: $0) }
    }
  }

  private func limits(_ listener: ListenerConfiguration) -> ConnectionLimits {
    let settings = listener.limits
    var limits = ConnectionLimits()
    limits.connectionsMax = settings.connections
    limits.perClientMax = settings.perClient
    limits.head = HeadLimits(
      lineBytesMax: settings.lineBytes.bytes,
      headBytesMax: min(settings.headBytes.bytes, HeadLimits.headBytesCeiling),
      fieldsMax: settings.fields, nameBytesMax: HeadLimits.request.nameBytesMax)
    limits.headTimeout = UInt64(settings.headTimeout.milliseconds)
    limits.rateMin = UInt64(settings.bytesPerSecondMin.bytes)
    limits.writeStall = UInt64(settings.writeStall.milliseconds)
    limits.ageMax = UInt64(settings.ageMax.milliseconds)
    limits.requestsMax = UInt32(clamping: settings.requests)
    if let timeouts = listener.settings.settings(of: RouteTimeouts.manual) {
      limits.keepAliveIdle = UInt64(timeouts.idle.milliseconds)
    }
    limits.allowsHalfClose = listener.allowsHalfClose
    limits.rules.path.normalizesDots = listener.path.repairs.contains(.dots)
    limits.rules.path.normalizesSlashes = listener.path.repairs.contains(.slashes)
    limits.rules.underscores =
      switch listener.underscore {
      case .drop: .drop
      case .refuse: .refuse
      case .keep: .keep
      }
    return limits
  }

  static func addresses(_ bind: BindAddress) -> [SocketAddress] {
    switch bind {
    case .any(let port):
      [
        .ip(Bytes.IPAddress(v4: 0), port: port), .ip(Bytes.IPAddress(high: 0, low: 0), port: port),
      ]
    case .address(let address, let port): [.ip(Bytes.IPAddress(address), port: port)]
    case .unix(let path): [.unix(path)]
    }
  }
}

extension Bytes.IPAddress {
  /// The config language's form of an address, which counts IPv4 in 32 bits.
  init(_ address: Configuration.IPAddress) {
    if address.isV4 {
      self.init(v4: UInt32(truncatingIfNeeded: address.bits))
    } else {
      self.init(
        high: UInt64(truncatingIfNeeded: address.bits >> 64),
        low: UInt64(truncatingIfNeeded: address.bits))
    }
  }
}
