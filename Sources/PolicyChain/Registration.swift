// A policy's line in the list that fixes the order. The list alone decides what runs when; no
// policy names another.

import Bytes
import Configuration

/// Where in the chain a policy's part runs. The cases stand in the order in which requests meet
/// them.
package enum Stage: Int, Sendable, Comparable {
  /// Ids, trace, addresses: what every later stage and the log need, also for refusals.
  case identification
  /// Needs no identity: the cheapest refusals first.
  case beforeIdentity
  case identity
  case afterIdentity
  /// Body and schema checks, and changes to the request that is forwarded.
  case request
  /// Closest to the upstream: bulkhead, breaker, retry.
  case upstream

  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What a policy has to put into a chain: any of the parts may be missing.
package struct PolicyParts {
  package var admission: (any Admission)?
  package var deliberation: (any Deliberation)?
  package var wrapping: (any Wrapping)?
  package var egress: (any Egress)?
  /// For actions only: what answers in place of an upstream.
  package var destination: (any Destination)?

  package init(
    admission: (any Admission)? = nil, deliberation: (any Deliberation)? = nil,
    wrapping: (any Wrapping)? = nil,
    egress: (any Egress)? = nil, destination: (any Destination)? = nil
  ) {
    self.admission = admission
    self.deliberation = deliberation
    self.wrapping = wrapping
    self.egress = egress
    self.destination = destination
  }
}

/// A statement that holds in a scope, and where it is written.
package struct PolicyStatement: Sendable {
  package let settings: any Sendable
  /// `routes.conf:14:3`; empty for a record that no scope mentions.
  package let place: String
}

/// What a policy may know about its place while a chain is built.
package struct ChainContext {
  /// Whether the listener speaks TLS.
  package let isSecure: Bool
  /// Whether field names with `_` and `.` reach the chain.
  package let keepsAmbiguousNames: Bool
  /// The verifiers of the config's identities, by name.
  package let verifiers: [String: any IdentityVerifier]
  /// Where the statement is written that a policy is built from; empty when nowhere.
  package var place = ""
  /// The route's path parameters by name, in the order in which they are captured; empty without a
  /// route.
  package let parameterNames: [String]
  /// The buckets of the config, by name.
  package let buckets: [String: SharedBucket]
  package let bulkheads: BulkheadRegistry
  /// The stores that buckets name.
  package let stores: [String: any LimitStore]

  package init(
    isSecure: Bool, keepsAmbiguousNames: Bool, verifiers: [String: any IdentityVerifier],
    parameterNames: [String], buckets: [String: SharedBucket], bulkheads: BulkheadRegistry,
    stores: [String: any LimitStore]
  ) {
    self.isSecure = isSecure
    self.keepsAmbiguousNames = keepsAmbiguousNames
    self.verifiers = verifiers
    self.bulkheads = bulkheads
    self.stores = stores
    self.buckets = buckets
    self.parameterNames = parameterNames
  }
}

/// A policy: its declaration, its stage, and how it is made from effective settings.
///
/// Policies are made anew for every worker, route and listener, so that no two cores share a
/// reference count.
package struct Registration: Sendable {
  package let stage: Stage
  package let declaration: any DirectiveDeclaration
  /// Makes the parts from the directive's typed settings; nil when the settings do not belong to
  /// the declaration.
  package let build: @Sendable (any Sendable, ChainContext) -> PolicyParts
  /// Names of request fields, in lower case, that the policy reads or sets where it stands, and
  /// that nobody may smuggle in where it does not.
  package let ownFields: @Sendable (any Sendable, ChainContext) -> [String]
  /// The directive's statements that hold in a scope: one for a record that is not off, any number
  /// for a set.
  package let statements: @Sendable (EffectiveSettings) -> [PolicyStatement]

  /// Stands for a record that is off, where that has to be done too.
  private struct Off: Sendable {}

  /// - Parameters:
  ///   - off: what a record that is off puts into the chain; nil when being off is doing nothing.
  ///   - ownFields: names of request fields that only this policy handles.
  ///   - build: called with the effective settings of a directive that is not off.
  package init<Settings: Sendable>(
    _ stage: Stage, _ manual: Manual<Settings>,
    off: (@Sendable () -> PolicyParts)?,
    ownFields: @escaping @Sendable (Settings, ChainContext) -> [String] = { _, _ in [] },
    build: @escaping @Sendable (Settings, ChainContext) -> PolicyParts
  ) {
    self.stage = stage
    declaration = manual
    statements = { effective in
      if case .record = manual.shape.inheritance {
        if let settings = effective.settings(of: manual) {
          return [PolicyStatement(settings: settings, place: "")]
        }
        return off == nil ? [] : [PolicyStatement(settings: Off(), place: "")]
      }
      return effective.entries(of: manual).map {
        PolicyStatement(settings: $0.settings, place: $0.location.description)
      }
    }
    self.ownFields = { settings, context in
      (settings as? Settings).map { ownFields($0, context) } ?? []
    }
    self.build = { settings, context in
      if settings is Off, let off { return off() }
      guard let settings = settings as? Settings else {
        preconditionFailure("A policy is built from the settings of its own declaration.")
      }
      return build(settings, context)
    }
  }

  /// A policy that all statements of a set make together.
  /// - Parameter whole: called with the statements that hold; never with none.
  package init<Settings: Sendable>(
    _ stage: Stage, allOf manual: Manual<Settings>,
    whole: @escaping @Sendable ([Settings], ChainContext) -> PolicyParts
  ) {
    self.stage = stage
    declaration = manual
    statements = { effective in
      let entries = effective.entries(of: manual).map(\.settings)
      return entries.isEmpty ? [] : [PolicyStatement(settings: entries, place: "")]
    }
    ownFields = { _, _ in [] }
    build = { settings, context in
      guard let settings = settings as? [Settings] else {
        preconditionFailure("A policy is built from the settings of its own declaration.")
      }
      return whole(settings, context)
    }
  }

  /// Stands for a record's settings with the place that wrote them last.
  private struct Placed<Settings: Sendable>: Sendable {
    let settings: Settings
    let place: String
  }

  /// A policy that counts where its record is written.
  /// - Parameter build: called with the scope whose statement was the last to change the record.
  package init<Settings: Sendable>(
    _ stage: Stage, placed manual: Manual<Settings>,
    build: @escaping @Sendable (Settings, String, ChainContext) -> PolicyParts
  ) {
    self.stage = stage
    declaration = manual
    statements = { effective in
      guard let settings = effective.settings(of: manual) else { return [] }
      let placed = Placed(
        settings: settings, place: effective.owner(of: manual.shape.directive))
      return [PolicyStatement(settings: placed, place: "")]
    }
    ownFields = { _, _ in [] }
    self.build = { settings, context in
      guard let placed = settings as? Placed<Settings> else {
        preconditionFailure("A policy is built from the settings of its own declaration.")
      }
      return build(placed.settings, placed.place, context)
    }
  }
}
