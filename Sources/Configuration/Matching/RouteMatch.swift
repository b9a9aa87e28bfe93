// One `match` line as values. Scopes are folded with `intersection`: a route's effective lines are
// those of its own that meet a line of every scope around it.

/// What a request must be for a route to take it. An empty list matches everything.
package struct RouteMatch: Sendable, Hashable {
  /// Names of listeners, any of them.
  package var listeners: [String]
  /// Any of them.
  package var hosts: [HostPattern]
  /// Any of them.
  package var paths: [PathPattern]
  /// Any of them.
  package var methods: [MethodPattern]
  /// All of them; each has a different name.
  package var headers: [FieldMatch]
  /// All of them; each has a different name.
  package var queries: [FieldMatch]
  /// All of them; each has a different name.
  package var cookies: [FieldMatch]

  package init(
    listeners: [String] = [], hosts: [HostPattern] = [], paths: [PathPattern] = [],
    methods: [MethodPattern] = [], headers: [FieldMatch] = [], queries: [FieldMatch] = [],
    cookies: [FieldMatch] = []
  ) {
    self.listeners = listeners
    self.hosts = hosts
    self.paths = paths
    self.methods = methods
    self.headers = headers
    self.queries = queries
    self.cookies = cookies
  }

  /// What both match, or nil when no request meets both. `self` is the inner scope: see
  /// `PathPattern`.
  package func intersection(_ outer: RouteMatch) -> RouteMatch? {
    guard let listeners = Self.common(listeners, outer.listeners, { $0 == $1 ? $0 : nil }),
      let hosts = Self.common(hosts, outer.hosts, { $0.intersection($1) }),
      let paths = Self.common(paths, outer.paths, { $0.intersection($1) }),
      let methods = Self.common(methods, outer.methods, Self.method),
      let headers = Self.all(headers, outer.headers),
      let queries = Self.all(queries, outer.queries),
      let cookies = Self.all(cookies, outer.cookies)
    else { return nil }
    return RouteMatch(
      listeners: listeners, hosts: hosts, paths: paths, methods: methods, headers: headers,
      queries: queries, cookies: cookies)
  }

  /// The effective lines of a scope: each of `inner` with each of `outer` that it meets. No lines
  /// at all stand for one that matches everything.
  package static func intersection(_ inner: [RouteMatch], _ outer: [RouteMatch]) -> [RouteMatch] {
    if outer.isEmpty { return inner }
    if inner.isEmpty { return outer }
    return inner.flatMap { line in outer.compactMap { line.intersection($0) } }
  }

  private static func method(_ a: MethodPattern, _ b: MethodPattern) -> MethodPattern? {
    if a.takes(b) { return b }
    return b.takes(a) ? a : nil
  }

  /// The pairwise intersections of two lists of alternatives, of which an empty one matches all.
  private static func common<T: Hashable>(
    _ inner: [T], _ outer: [T], _ meet: (T, T) -> T?
  ) -> [T]? {
    if outer.isEmpty { return inner }
    if inner.isEmpty { return outer }
    var seen = Set<T>()
    let met = inner.flatMap { a in outer.compactMap { b in meet(a, b) } }
    let distinct = met.filter { seen.insert($0).inserted }
    return distinct.isEmpty ? nil : distinct
  }

  /// The fields of both, where the same name must meet both; nil when it cannot.
  private static func all(_ inner: [FieldMatch], _ outer: [FieldMatch]) -> [FieldMatch]? {
    var fields = inner
    for field in outer {
      guard let index = fields.firstIndex(where: { $0.name == field.name }) else {
        fields.append(field)
        continue
      }
      guard let both = fields[index].intersection(field) else { return nil }
      fields[index] = both
    }
    return fields
  }
}
