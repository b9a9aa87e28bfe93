// Finds ties and routes that no request can reach. Only lines of one host and one shape of path can
// tie, because any two other patterns that meet differ in precedence; so the work grows with the
// lines per shape, not with the routes squared.

/// The conflicts between the routes that one listener serves.
package struct RouteConflictAnalysis<ID: Hashable & Sendable> {
  /// One host and one path of one line.
  struct Candidate {
    let route: Int
    let line: Int
    let match: RouteMatch
    let path: PathPattern
  }

  /// Where lines compete: names of parameters make no difference.
  struct Shape: Hashable {
    let host: HostPattern
    let segments: [PathPattern.Segment]
  }

  private let routes: [RouteLines<ID>]
  private var candidates: [Shape: [Candidate]] = [:]
  /// In the order in which they were first met, so that reports do not depend on hashing.
  private var shapes: [Shape] = []

  /// - Parameter routes: those that the listener serves, each with the lines that it serves there.
  package init(_ routes: [RouteLines<ID>]) {
    self.routes = routes
    for (route, lines) in routes.enumerated() {
      for (line, match) in (lines.lines.isEmpty ? [RouteMatch()] : lines.lines).enumerated() {
        add(match, route, line)
      }
    }
  }

  /// All conflicts: ties first, of each line with the first one that it ties with.
  package func conflicts() -> [RouteConflict<ID>] {
    ties() + unreachable()
  }

  private mutating func add(_ match: RouteMatch, _ route: Int, _ line: Int) {
    for path in match.paths.isEmpty ? [.any] : match.paths {
      for host in match.hosts.isEmpty ? [.any] : match.hosts {
        let shape = Shape(host: host, segments: path.segments)
        if candidates[shape] == nil { shapes.append(shape) }
        candidates[shape, default: []].append(
          Candidate(route: route, line: line, match: match, path: path))
      }
    }
  }

  private func ties() -> [RouteConflict<ID>] {
    var conflicts: [RouteConflict<ID>] = []
    for shape in shapes {
      guard let all = candidates[shape], all.count > 1 else { continue }
      var search = TieSearch(all)
      search.run()
      for (first, second) in search.pairs {
        conflicts.append(
          .tie(place(first), place(second), host: shape.host, path: second.path))
      }
      if search.isIncomplete {
        conflicts.append(.incomplete(host: shape.host, path: all[0].path, lines: all.count))
      }
    }
    return conflicts
  }

  private func place(_ candidate: Candidate) -> RouteConflict<ID>.Place {
    RouteConflict<ID>.Place(route: routes[candidate.route].id, line: candidate.line)
  }

  private func unreachable() -> [RouteConflict<ID>] {
    var reachable = Set<Int>()
    var hidden: [Int: [Int]] = [:]
    for shape in shapes {
      let front = shape.segments.last == .rest ? front(of: shape) : nil
      for candidate in candidates[shape] ?? [] {
        if let front, front.takes(candidate.match.methods) {
          hidden[candidate.route, default: []] += front.routes
        } else {
          reachable.insert(candidate.route)
        }
      }
    }
    return routes.indices.compactMap { route in
      guard let front = hidden[route], !reachable.contains(route) else { return nil }
      let distinct = Set(front).subtracting([route]).sorted()
      return .unreachable(routes[route].id, behind: distinct.map { routes[$0].id })
    }
  }

  /// What is taken in front of a pattern that ends in `**`: what ends where it begins, with and
  /// without a slash, and whatever goes on with a segment. Literals are not enough: there are
  /// always more names than routes.
  private func front(of shape: Shape) -> MethodCoverage {
    let above = Array(shape.segments.dropLast())
    let here = coverage(shape.host, above)
      .intersection(coverage(shape.host, above + [.literal("")]))
    guard !here.isEmpty else { return here }
    return here.intersection(everything(shape.host, above + [.parameter]))
  }

  /// What is taken of every path at or below these segments.
  private func everything(
    _ host: HostPattern, _ segments: [PathPattern.Segment]
  ) -> MethodCoverage {
    let rest = coverage(host, segments + [.rest])
    let end = coverage(host, segments).union(rest)
    guard !end.isEmpty, segments.count < PathPattern.segmentsMax else { return rest }
    let slash = coverage(host, segments + [.literal("")]).union(rest)
    let deeper = everything(host, segments + [.parameter]).union(rest)
    return end.intersection(slash).intersection(deeper)
  }

  /// The methods that lines of one shape take whatever the fields of a request are.
  private func coverage(
    _ host: HostPattern, _ segments: [PathPattern.Segment]
  ) -> MethodCoverage {
    let all = candidates[Shape(host: host, segments: segments)] ?? []
    return all.reduce(MethodCoverage()) { coverage, candidate in
      let match = candidate.match
      guard match.headers.isEmpty, match.queries.isEmpty, match.cookies.isEmpty else {
        return coverage
      }
      return coverage.union(MethodCoverage(match.methods, by: candidate.route))
    }
  }
}
