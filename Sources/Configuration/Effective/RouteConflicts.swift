// Ties and unreachable routes as diagnostics, at the routes that they are about.

extension EffectiveConfiguration {
  /// What stands in each other's way on any listener.
  var routeConflicts: [Diagnostic] { listeners.flatMap { RouteConflicts($0).diagnostics } }
}

/// The conflicts on one listener.
private struct RouteConflicts {
  let listener: ListenerConfiguration

  init(_ listener: ListenerConfiguration) { self.listener = listener }

  var diagnostics: [Diagnostic] {
    // Ids of routes are unique, but a list tells where a route stands.
    let lines = listener.routes.enumerated().map { index, route in
      RouteLines(id: index, lines: route.matches)
    }
    return RouteConflictAnalysis(lines).conflicts().map(diagnostic)
  }

  private func diagnostic(_ conflict: RouteConflict<Int>) -> Diagnostic {
    switch conflict {
    case .tie(let first, let second, let host, let path):
      return tie(listener.routes[first.route], listener.routes[second.route], host, path)
    case .unreachable(let index, let front): return unreachable(listener.routes[index], front)
    case .incomplete(let host, let path, let count):
      return Diagnostic(
        .ambiguousRoutes,
        "\(count) match lines stand on \(place(host, path)): not all pairs could be compared",
        at: listener.location, severity: .warning)
    }
  }

  private func tie(
    _ first: EffectiveRoute, _ second: EffectiveRoute, _ host: HostPattern, _ path: PathPattern
  ) -> Diagnostic {
    Diagnostic(
      .ambiguousRoutes,
      "routes '\(first.id)' and '\(second.id)' both match \(place(host, path)), and neither is "
        + "more specific",
      at: second.location, notes: [.init("the other route", at: first.location)],
      help: "tell them apart by host, path, method, header, query or cookie")
  }

  private func unreachable(_ route: EffectiveRoute, _ front: [Int]) -> Diagnostic {
    let others = front.map { listener.routes[$0] }
    let names = others.prefix(Self.namesMax).map { "'\($0.id)'" }
    let rest = others.count - names.count
    let list = names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    return Diagnostic(
      .unreachableRoute,
      "route '\(route.id)' can never match: \(list) \(others.count == 1 ? "takes" : "take") all of "
        + "its requests",
      at: route.location,
      notes: others.prefix(Self.namesMax).map { .init("in front of it", at: $0.location) })
  }

  /// Routes that are named; a few show what is meant.
  private static let namesMax = 3

  private func place(_ host: HostPattern, _ path: PathPattern) -> String {
    host == .any ? "'\(path.text)'" : "'\(host.text)' '\(path.text)'"
  }
}
