// A scope around routes, as far as answers without a route need it.

import Configuration

/// A group, by what it covers: its effective match lines, of which only host and path count here.
package struct RouteScope: Sendable {
  package var matches: [RouteMatch]
  /// The index of the scope around it, which stands before it.
  package var parent: Int?

  package init(matches: [RouteMatch], parent: Int?) {
    self.matches = matches
    self.parent = parent
  }
}

/// The listener that a table is for: it takes part in a route's match.
package struct RouteListener: Sendable {
  package var name: String
  /// `serve named`, and a listener that redirects: only matches that name it are served.
  package var servesNamedOnly: Bool

  package init(name: String, servesNamedOnly: Bool) {
    self.name = name
    self.servesNamedOnly = servesNamedOnly
  }

  package func serves(_ match: RouteMatch) -> Bool {
    match.listeners.isEmpty ? !servesNamedOnly : match.listeners.contains(name)
  }
}
