// What `check` says of routes that stand in each other's way on one listener.

/// A route with its effective match lines, under an id that the caller can turn into a place in a
/// file.
package struct RouteLines<ID: Hashable & Sendable>: Sendable {
  package let id: ID
  package let lines: [RouteMatch]

  package init(id: ID, lines: [RouteMatch]) {
    self.id = id
    self.lines = lines
  }
}

/// Two or more routes of which the file does not say which one is meant.
package enum RouteConflict<ID: Hashable & Sendable>: Hashable, Sendable {
  /// An effective match line of a route.
  package struct Place: Hashable, Sendable {
    package let route: ID
    /// The index in its `RouteLines`.
    package let line: Int
  }

  /// Both lines can match one request, and nothing makes one of them more specific.
  case tie(Place, Place, host: HostPattern, path: PathPattern)
  /// Every request that the route matches is taken by more specific ones in front of it.
  case unreachable(ID, behind: [ID])
  /// So many lines stand on one host and path that not all pairs of them were compared.
  case incomplete(host: HostPattern, path: PathPattern, lines: Int)
}
