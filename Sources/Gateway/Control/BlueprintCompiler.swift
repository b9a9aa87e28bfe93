// From the config language's result to what the gateway runs. Nothing is checked here: a config
// that has errors never gets this far.

import Bytes
import Configuration
import Engine
import HTTP1
import HTTP2
import HTTPMessage
import Policies
import PolicyChain
import RedisStore
import TLS
import Telemetry
import Upstreams

/// Turns effective configs into blueprints. Ids of names stay the same from one config to the next.
struct BlueprintCompiler {
  private let policies: [Registration]
  /// Paths of the config are relative to it.
  let folder: String
  /// Workers that share what an upstream may keep.
  var workerCount = 1
  private(set) var security = SecurityMaterial()
  var names = MetricNames()

  init(policies: [Registration], folder: String) {
    self.policies = policies
    self.folder = folder
    for error in HTTP1Error.allCases {
      _ = names.protocolErrors.id(of: error.reason.description)
    }
    for error in HTTP2FieldError.allCases {
      _ = names.protocolErrors.id(of: error.reason.description)
    }
    for kind in FloodKind.allCases { _ = names.protocolErrors.id(of: kind.name.description) }
    for token in ["connection_limit", "head_timeout", "http2_bad_preface", "http2_protocol_error"] {
      _ = names.protocolErrors.id(of: token)
    }
  }

  /// Metric ids of broken rules, by their tokens.
  var protocolErrors: [String: UInt16] {
    Dictionary(
      uniqueKeysWithValues: names.protocolErrors.names.enumerated().map {
        ($1, UInt16(truncatingIfNeeded: $0))
      })
  }

  /// - Parameters:
  ///   - security: what was read from the certificate files that the config names.
  ///   - credentials: what was read of the keys of its identities.
  mutating func compile(
    _ configuration: EffectiveConfiguration, security: SecurityMaterial,
    credentials: CredentialMaterial, hash: String
  ) -> Blueprint {
    self.security = security
    let upstreams = configuration.upstreams.map { upstream($0) }
    let indices = Dictionary(
      uniqueKeysWithValues: upstreams.enumerated().map { ($1.name, $0) })
    let listeners = configuration.listeners.map { listener($0, upstreams: indices) }
    var blueprint = Blueprint(
      listeners: listeners, upstreams: upstreams,
      identities: configuration.identities.map { identity($0, credentials) },
      buckets: configuration.buckets,
      clientAddress: configuration.clientAddress, hash: hash)
    blueprint.roles = configuration.roles
    blueprint.stores = configuration.stores.compactMap { store($0) }
    return blueprint
  }

  private mutating func identity(
    _ identity: IdentityConfiguration, _ credentials: CredentialMaterial
  ) -> IdentityBlueprint {
    guard let kind = IdentityKind.all.first(where: { $0.name == identity.kind }),
      let material = credentials.identities[identity.name]
    else { preconditionFailure("The keys of every identity were read before.") }
    return IdentityBlueprint(
      label: IdentityLabel(
        name: identity.name, metric: names.identities.id(of: identity.name)),
      name: identity.name, kind: kind, settings: identity.settings, material: material)
  }

  /// The id of a bucket in the metrics.
  mutating func bucketMetric(_ name: String) -> UInt16 { names.buckets.id(of: name) }

  // MARK: Stores

  private func store(_ settings: RedisSettings) -> RedisDefinition? {
    guard let url = settings.url else { return nil }
    let host: RedisDefinition.Host
    let name: String
    switch url.endpoint {
    case .name(let text, let port): (host, name) = (.name(text, port: port), text)
    case .address(let address, let port):
      let address = Bytes.IPAddress(address)
      (host, name) = (.address(.ip(address, port: port)), address.description)
    case .unix(let path): (host, name) = (.address(.unix(path)), "localhost")
    }
    return RedisDefinition(
      name: settings.name, host: host, serverName: url.isSecure ? name : nil,
      authorities: security.stores[settings.name], user: url.user.map { Array($0.utf8) },
      password: settings.password?.reveal { $0.array } ?? nil, database: url.database,
      timeout: UInt64(settings.timeout.milliseconds))
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
    var parameters: [String] = []
    for path in route.matches.flatMap(\.paths) {
      for capture in path.captures where !parameters.contains(capture.name) {
        parameters.append(capture.name)
      }
    }
    return RouteBlueprint(
      label: RouteLabel(name: route.id, metric: names.routes.id(of: route.id)),
      matches: route.matches, policies: blueprints(route.settings),
      action: route.action == "to" ? .forward(forward(route, upstreams)) : .answer,
      parameterNames: parameters)
  }

  /// The policies that hold in a scope, in the order of the chain.
  private func blueprints(_ settings: EffectiveSettings) -> [PolicyBlueprint] {
    policies.flatMap { registration in
      registration.statements(settings).map { PolicyBlueprint(registration, $0) }
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
    limits.protocols = protocols(listener)
    limits.http2.concurrentStreamsMax = UInt32(clamping: settings.streams)
    limits.http2.streamWindow = Int32(clamping: settings.streamWindow.bytes)
    limits.http2.connectionWindow = Int32(clamping: settings.connectionWindow.bytes)
    limits.http2.headBytesMax = limits.head.headBytesMax
    limits.http2.fieldsMax = settings.fields
    limits.http2.allowsExtendedConnect = listener.routes.contains {
      $0.settings.settings(of: Upgrade.manual) != nil
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

  /// The configuration holds all binds of a listener to one list.
  private func protocols(_ listener: ListenerConfiguration) -> [ApplicationProtocol] {
    (listener.binds.first?.protocols ?? []).compactMap(ApplicationProtocol.init(rawValue:))
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
