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
  package var wrapping: (any Wrapping)?
  package var egress: (any Egress)?
  /// For actions only: what answers in place of an upstream.
  package var destination: (any Destination)?

  package init(
    admission: (any Admission)? = nil, wrapping: (any Wrapping)? = nil,
    egress: (any Egress)? = nil, destination: (any Destination)? = nil
  ) {
    self.admission = admission
    self.wrapping = wrapping
    self.egress = egress
    self.destination = destination
  }
}

/// What a policy may know about its place while a chain is built.
package struct ChainContext {
  /// Whether the listener speaks TLS.
  package let isSecure: Bool
  /// The route's path parameters by name, in the order in which they are captured; empty without a
  /// route.
  package let parameterNames: [String]
  /// The buckets of the config, by name.
  package let buckets: [String: SharedBucket]

  package init(isSecure: Bool, parameterNames: [String], buckets: [String: SharedBucket]) {
    self.isSecure = isSecure
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
  /// The directive's statements that hold in a scope: one for a record that is not off, any number
  /// for a set.
  package let statements: @Sendable (EffectiveSettings) -> [any Sendable]

  /// Stands for a record that is off, where that has to be done too.
  private struct Off: Sendable {}

  /// - Parameters:
  ///   - off: what a record that is off puts into the chain; nil when being off is doing nothing.
  ///   - build: called with the effective settings of a directive that is not off.
  package init<Settings: Sendable>(
    _ stage: Stage, _ manual: Manual<Settings>,
    off: (@Sendable () -> PolicyParts)?,
    build: @escaping @Sendable (Settings, ChainContext) -> PolicyParts
  ) {
    self.stage = stage
    declaration = manual
    statements = { effective in
      if case .record = manual.shape.inheritance {
        if let settings = effective.settings(of: manual) { return [settings] }
        return off == nil ? [] : [Off()]
      }
      return effective.entries(of: manual).map(\.settings)
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
      return entries.isEmpty ? [] : [entries]
    }
    build = { settings, context in
      guard let settings = settings as? [Settings] else {
        preconditionFailure("A policy is built from the settings of its own declaration.")
      }
      return whole(settings, context)
    }
  }
}
