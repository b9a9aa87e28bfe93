// How the configuration's routes become the table of one listener.

import Configuration

extension RouteTable {
  /// Builds the table of one listener.
  ///
  /// - Parameters:
  ///   - routes: the effective match lines of every route, also of those that other listeners
  ///     serve: decisions count in this list. A route without lines takes every request.
  ///   - scopes: the groups, each behind the one around it.
  ///   - seed: random, and the same for no two processes.
  package convenience init(
    routes: [[RouteMatch]], scopes: [RouteScope], listener: RouteListener, seed: UInt64
  ) throws(RouteTableError) {
    var builder = RouteTableBuilder(routeCount: routes.count, seed: seed)
    for (index, matches) in routes.enumerated() {
      for match in matches.isEmpty ? [RouteMatch()] : matches where listener.serves(match) {
        try builder.add(match, of: index)
      }
    }
    for (index, scope) in scopes.enumerated() {
      for match in scope.matches where !listener.serves(match) && match.listeners.isEmpty {
        // A group that names no listener still covers its routes that name this one.
        builder.add(RouteScope(matches: [match], parent: scope.parent), at: index)
      }
      let served = scope.matches.filter { listener.serves($0) }
      builder.add(RouteScope(matches: served, parent: scope.parent), at: index)
    }
    self.init(try builder.finish(scopes))
  }
}
