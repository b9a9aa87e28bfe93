// The compiled config: immutable, whole, and all that the gateway reads. Workers make their own
// objects from it.

/// A whole config that has no errors.
package struct EffectiveConfiguration: Sendable {
  package let workers: WorkerCount
  /// The user to become; nil keeps the one that started the process.
  package let user: String?
  package let grace: GraceSettings
  package let resolver: ResolverSettings
  /// The folder that survives a restart; nil means memory only.
  package let stateFolder: String?
  package let clientAddress: ClientAddressSettings
  /// Nil when the access log is off.
  package let accessLog: AccessLogSettings?
  package let admin: AdminConfiguration?
  package let certificates: [CertificateSettings]
  package let identities: [IdentityConfiguration]
  package let roles: [RoleSettings]
  package let stores: [RedisSettings]
  package let buckets: [BucketSettings]
  package let upstreams: [UpstreamConfiguration]
  package let listeners: [ListenerConfiguration]
  /// What `except` and `waive` excuse, in the order of the files.
  package let exceptions: [PolicyException]
  /// Every file that the config was read from, sorted.
  package let files: [String]
  /// The statements of the top level, for the canonical form and `explain`.
  let statements: [CheckedStatement]
}

package struct AdminConfiguration: Sendable {
  package let binds: [BindAddress]
}

/// An identity, as its kind's declaration reads it.
package struct IdentityConfiguration: Sendable {
  package let name: String
  /// The kind, such as `key`.
  package let kind: String
  /// The settings of the kind's declaration.
  package let settings: any Sendable
  package let location: SourceLocation
}

/// An upstream with all that its block says.
package struct UpstreamConfiguration: Sendable {
  package let name: String
  package let servers: [ServerSettings]
  /// Where more servers are found while the gateway runs; nil when nowhere.
  package let discovery: ServersSource?
  /// Nil: plain.
  package let tls: UpstreamTLSSettings?
  package let balance: BalanceSettings
  /// Nil: clients are not kept on a server by a cookie.
  package let sticky: StickySettings?
  package let outlier: OutlierSettings
  /// Nil: the servers are not checked.
  package let health: HealthSettings?
  package let breaker: BreakerSettings?
  package let connections: UpstreamConnectionSettings
  package let host: UpstreamHost
  package let version: UpstreamProtocol
  package let location: SourceLocation
}

/// A listener with the routes that live on it.
package struct ListenerConfiguration: Sendable {
  package let name: String
  package let binds: [BindSettings]
  /// Nil: clear text.
  package let tls: ListenerTLSSettings?
  /// `redirect https`: only routes that name the listener are served.
  package let redirectsToHTTPS: Bool
  /// `serve named`.
  package let servesNamedOnly: Bool
  package let limits: LimitSettings
  package let path: PathSettings
  package let underscore: UnderscoreRule
  package let allowsHalfClose: Bool
  /// The fold without group and route, for requests that no scope covers.
  package let settings: EffectiveSettings
  /// Groups, the outer before the inner.
  package let scopes: [EffectiveScope]
  package let routes: [EffectiveRoute]
  package let location: SourceLocation
}

/// A group on one listener: answers without a route run its chain where it covers host and path.
package struct EffectiveScope: Sendable {
  package let name: String
  /// The effective match lines; empty matches everything.
  package let matches: [RouteMatch]
  /// The index of the group around it.
  package let parent: Int?
  package let settings: EffectiveSettings
}

/// A route on one listener.
package struct EffectiveRoute: Sendable {
  /// `group.route`, or `route` at top level.
  package let id: String
  /// The effective match lines; empty matches everything.
  package let matches: [RouteMatch]
  /// The index of its group in the listener's scopes.
  package let scope: Int?
  package let settings: EffectiveSettings
  package let location: SourceLocation

  /// The directive that answers: `to`, `respond` or `redirect`.
  package var action: String { settings.directive(inSlot: "action") ?? "" }

  /// What keeps a client on its share; nil when nothing does.
  package var sticky: Attribute? {
    settings.entries(of: CoreDirectives.to).lazy.compactMap(\.settings.sticky).first
  }

  /// Where copies of its requests go.
  package var mirrors: [MirrorSettings] {
    settings.entries(of: CoreDirectives.mirror).map(\.settings)
  }

  /// What answers while the breaker of its upstream is open; nil when nothing does.
  package var fallback: FallbackSettings? { settings.settings(of: CoreDirectives.fallback) }

  /// Where it forwards, with shares that add up to 100 %; empty for other actions.
  package var shares: [UpstreamShare] {
    settings.entries(of: CoreDirectives.to).map {
      UpstreamShare(
        upstream: $0.settings.upstream, share: $0.settings.share ?? .whole, location: $0.location)
    }
  }
}

package struct UpstreamShare: Sendable {
  package let upstream: String
  package let share: Percent
  package let location: SourceLocation
}
