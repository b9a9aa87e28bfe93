// A whole configuration as the gateway runs it: values only, checked before, shared by all workers.
// Each worker builds its own objects from it (see `Generation`), so that no two cores share a
// reference count.

import Bytes
import Configuration
import Engine
import HTTPMessage
import Policies
import PolicyChain
import RedisStore
import Routing
import TLS
import Upstreams

/// One configuration, ready to be run.
package struct Blueprint: Sendable {
  package var listeners: [ListenerBlueprint]
  package var upstreams: [UpstreamDefinition]
  package var stores: [RedisDefinition] = []
  package var identities: [IdentityBlueprint]
  package var roles: [RoleSettings] = []
  package var buckets: [BucketSettings]
  /// Whose word is taken for the client's address.
  package var clientAddress: ClientAddressSettings
  /// What the names of servers are known to stand for.
  package var addresses: [String: [Bytes.IPAddress]] = [:]
  /// Servers that were found, by upstream.
  package var found: [String: [ServerDefinition]] = [:]
  /// Identifies the configuration in metrics and logs.
  package var hash: String

  package init(
    listeners: [ListenerBlueprint], upstreams: [UpstreamDefinition],
    identities: [IdentityBlueprint], buckets: [BucketSettings],
    clientAddress: ClientAddressSettings, hash: String
  ) {
    self.clientAddress = clientAddress
    self.listeners = listeners
    self.upstreams = upstreams
    self.identities = identities
    self.buckets = buckets
    self.hash = hash
  }
}

extension Blueprint {
  /// All servers of an upstream: those that the config names, and those that were found.
  func servers(of upstream: UpstreamDefinition) -> [ServerDefinition] {
    var names = Set(upstream.servers.map(\.name))
    return upstream.servers
      + (found[upstream.name] ?? []).filter { names.insert($0.name).inserted }
  }
}

/// The TLS of a listener: settings, and certificates that were read as verified pairs.
package struct ListenerSecurity: Sendable {
  package let settings: TLSServerSettings
  package let certificates: [ServedCertificate]

  package init(settings: TLSServerSettings, certificates: [ServedCertificate]) {
    self.settings = settings
    self.certificates = certificates
  }
}

/// An identity: its kind, its settings, and the keys that were read for it.
package struct IdentityBlueprint: Sendable {
  package let label: IdentityLabel
  package let name: String
  package let kind: IdentityKind
  package let settings: any Sendable
  package let material: any Sendable

  package init(
    label: IdentityLabel, name: String, kind: IdentityKind, settings: any Sendable,
    material: any Sendable
  ) {
    self.label = label
    self.name = name
    self.kind = kind
    self.settings = settings
    self.material = material
  }
}

/// A policy of one scope: how it is made, and its effective settings.
package struct PolicyBlueprint: Sendable {
  package let registration: Registration
  package let settings: any Sendable
  /// Where it is written: see `PolicyStatement`.
  package let place: String

  package init(_ registration: Registration, _ statement: PolicyStatement) {
    self.registration = registration
    settings = statement.settings
    place = statement.place
  }

  /// Makes the policy's parts for a chain.
  package func parts(in context: ChainContext) -> PolicyParts {
    var context = context
    context.place = place
    return registration.build(settings, context)
  }
}

/// What a route that says `to` does with its requests.
package struct ForwardBlueprint: Sendable {
  /// What answers while a breaker is open.
  package enum Fallback: Sendable {
    /// The upstream with this index.
    case upstream(Int)
    case answer(Respond.Settings)
  }

  /// Upstreams by their index, with their shares.
  package var shares: [(upstream: Int, share: UInt32)]
  /// What keeps a client on its share.
  package var sticky: RequestKeySource?
  /// When a request is sent again.
  package var retry: RetryRule?
  package var fallback: Fallback?
  /// Upstreams by their index that get copies, with their shares in millionths.
  package var mirrors: [(upstream: Int, share: UInt32)] = []
}

/// A route on one listener.
package struct RouteBlueprint: Sendable {
  package enum Action: Sendable {
    case forward(ForwardBlueprint)
    /// The policy that answers is among the policies.
    case answer
  }

  package var label: RouteLabel
  package var matches: [RouteMatch]
  package var policies: [PolicyBlueprint]
  package var action: Action
  package var parameterNames: [String]

  package init(
    label: RouteLabel, matches: [RouteMatch], policies: [PolicyBlueprint], action: Action,
    parameterNames: [String]
  ) {
    self.label = label
    self.matches = matches
    self.policies = policies
    self.action = action
    self.parameterNames = parameterNames
  }
}

/// A scope around routes, for answers that no route gives.
package struct ScopeBlueprint: Sendable {
  package var matches: [RouteMatch]
  /// The scope around it, which stands before it.
  package var parent: Int?
  package var policies: [PolicyBlueprint]

  package init(matches: [RouteMatch], parent: Int?, policies: [PolicyBlueprint]) {
    self.matches = matches
    self.parent = parent
    self.policies = policies
  }
}

/// A listener with everything that it serves.
package struct ListenerBlueprint: Sendable {
  package var id: ListenerID
  package var name: String
  package var addresses: [SocketAddress]
  package var limits: ConnectionLimits
  /// Nil: clear text.
  package var security: ListenerSecurity?
  package var servesNamedOnly: Bool
  /// Requests that no route takes are sent to https.
  package var redirectsToHTTPS: Bool
  package var routes: [RouteBlueprint]
  package var scopes: [ScopeBlueprint]
  package var outermost: [PolicyBlueprint]

  package init(
    id: ListenerID, name: String, addresses: [SocketAddress], limits: ConnectionLimits,
    security: ListenerSecurity?, servesNamedOnly: Bool, redirectsToHTTPS: Bool,
    routes: [RouteBlueprint], scopes: [ScopeBlueprint],
    outermost: [PolicyBlueprint]
  ) {
    self.id = id
    self.name = name
    self.addresses = addresses
    self.limits = limits
    self.security = security
    self.servesNamedOnly = servesNamedOnly
    self.redirectsToHTTPS = redirectsToHTTPS
    self.routes = routes
    self.scopes = scopes
    self.outermost = outermost
  }
}
