// Upstreams: from what the config says to what the workers run.

import Bytes
import Configuration
import Engine
import HTTPMessage
import Policies
import PolicyChain
import Upstreams

extension BlueprintCompiler {
  mutating func upstream(_ upstream: UpstreamConfiguration) -> UpstreamDefinition {
    let rule: HostRule =
      switch upstream.host {
      case .preserve: .preserve
      case .upstream: .upstream
      case .name(let name): .fixed(Array(name.utf8))
      }
    let version: UpstreamVersion =
      switch upstream.version {
      case .auto: security.upstreams[upstream.name] == nil ? .http1 : .chosenByTLS
      case .http11: .http1
      case .h2, .h2c: .http2
      }
    return UpstreamDefinition(
      name: upstream.name, servers: servers(upstream.servers, of: upstream.name),
      discovery: upstream.discovery.map { discovery($0) }, version: version, hostRule: rule,
      security: security.upstreams[upstream.name], connectionsMax: upstream.connections.max,
      idleMax: idleMax(upstream.connections.idle),
      idleTimeout: milliseconds(upstream.connections.idleTimeout),
      balance: balance(upstream.balance), sticky: upstream.sticky.map { sticky($0) },
      slowStart: milliseconds(upstream.balance.slowStart),
      outlier: outlier(upstream.outlier), health: upstream.health.map { health($0) },
      breaker: upstream.breaker.map { breaker($0) })
  }

  /// Servers of an upstream, with their ids in the metrics.
  mutating func servers(
    _ settings: [ServerSettings], of upstream: String
  ) -> [ServerDefinition] {
    let id = names.upstreams.id(of: upstream)
    return settings.map { settings in
      let name = settings.endpoint.description
      return ServerDefinition(
        host: host(settings.endpoint), weight: settings.weight, priority: settings.priority,
        name: name,
        label: ServerLabel(
          upstream: upstream, server: name, upstreamMetric: id,
          serverMetric: names.server(name, of: id)))
    }
  }

  private func discovery(_ source: ServersSource) -> Discovery {
    switch source {
    case .file(let path): .file(path: FilePath.join(folder, path))
    case .service(let name): .service(name: name)
    }
  }

  private func milliseconds(_ span: TimeSpan) -> UInt64 { UInt64(clamping: span.milliseconds) }

  private func balance(_ settings: BalanceSettings) -> Balance {
    switch settings.method {
    case .leastRequest: return .leastRequest
    case .roundRobin: return .roundRobin
    case .random: return .random
    case .hash:
      guard let key = settings.key.flatMap({ RequestKeySource($0) }) else {
        preconditionFailure("A hash without a key was refused when the config was read.")
      }
      return .hash(key)
    }
  }

  /// The share of one worker, rounded up: a few connections too many are closed by their age.
  private func idleMax(_ whole: Int) -> Int { (whole + workerCount - 1) / workerCount }

  private func sticky(_ settings: StickySettings) -> StickyRule {
    StickyRule(
      cookie: Array(settings.cookie.utf8),
      maxAge: settings.maxAge.map { milliseconds($0) / 1_000 }, path: Array(settings.path.utf8))
  }

  private func outlier(_ settings: OutlierSettings) -> OutlierRule {
    OutlierRule(
      consecutive: UInt64(clamping: settings.consecutive),
      errorShare: settings.errors.map { UInt64(clamping: $0.millionths) },
      slowness: settings.slowness.map { UInt64(clamping: $0) },
      requestsMin: UInt64(clamping: settings.requestsMin), window: milliseconds(settings.window),
      statuses: StatusSet(settings.statuses.map(\.codes)),
      ejection: milliseconds(settings.ejection.lower)...milliseconds(settings.ejection.upper),
      ejectedMax: UInt64(clamping: settings.ejectedMax.millionths))
  }

  private func host(_ endpoint: Endpoint) -> ServerDefinition.Host {
    switch endpoint {
    case .name(let name, let port): .name(name, port: port)
    case .address(let address, let port): .address(.ip(Bytes.IPAddress(address), port: port))
    case .unix(let path): .address(.unix(path))
    }
  }

  private func health(_ settings: HealthSettings) -> HealthRule {
    HealthRule(
      path: settings.path, grpc: settings.grpc, every: milliseconds(settings.every),
      timeout: milliseconds(settings.timeout), rise: settings.rise, fall: settings.fall,
      expect: StatusSet(settings.expect.map(\.codes)),
      startsHealthy: settings.start == .healthy)
  }

  private func breaker(_ settings: BreakerSettings) -> BreakerRule {
    BreakerRule(
      errorShare: UInt64(clamping: settings.errors.millionths),
      requestsMin: UInt64(clamping: settings.requestsMin), window: milliseconds(settings.window),
      open: milliseconds(settings.open), probes: UInt64(clamping: settings.probes),
      ramp: milliseconds(settings.ramp), consecutive: UInt64(clamping: settings.consecutive),
      slow: settings.slow.map {
        BreakerRule.SlowCalls(
          milliseconds: milliseconds($0), share: UInt64(clamping: settings.slowShare.millionths))
      })
  }

  /// - Parameter indices: of upstreams, by name.
  func forward(_ route: EffectiveRoute, _ indices: [String: Int]) -> ForwardBlueprint {
    var forward = ForwardBlueprint(
      shares: route.shares.compactMap { share in
        indices[share.upstream].map {
          (upstream: $0, share: UInt32(clamping: share.share.millionths))
        }
      })
    forward.sticky = route.sticky.flatMap { RequestKeySource($0) }
    forward.retry = route.settings.settings(of: CoreDirectives.retry).map { retry($0) }
    forward.fallback = route.fallback.flatMap { settings in
      if let name = settings.upstream { return indices[name].map { .upstream($0) } }
      return settings.status.map {
        .answer(Respond.Settings(status: $0, body: settings.body, type: settings.type))
      }
    }
    forward.mirrors = route.mirrors.compactMap { mirror in
      indices[mirror.upstream].map {
        (upstream: $0, share: UInt32(clamping: mirror.share.millionths))
      }
    }
    return forward
  }

  private func retry(_ settings: RetrySettings) -> RetryRule {
    var causes: Set<RetryRule.Cause> = []
    var statuses: [ClosedRange<Int>] = []
    for condition in settings.conditions {
      switch condition {
      case .connectFailure: causes.insert(.connectFailure)
      case .reset: causes.insert(.reset)
      case .timeout: causes.insert(.timeout)
      case .status(let range):
        causes.insert(.status)
        statuses.append(range.codes)
      }
    }
    let methods = settings.methods.map { method in
      let token = Array(method.rawValue.utf8)
      return HTTPMessage.Method(token: token.span)
    }
    return RetryRule(
      attempts: settings.attempts, causes: causes, statuses: StatusSet(statuses),
      backoff: milliseconds(settings.backoff.lower)...milliseconds(settings.backoff.upper),
      budget: UInt64(clamping: settings.budget.millionths), methods: methods,
      trustsKeys: settings.trustsKeys, replayMax: Int(clamping: settings.replay.bytes))
  }
}
