// Listeners, and the fold for each pair of listener and route.

extension Compiler {
  mutating func listeners(
    _ defaults: FoldedScope, _ tree: RouteTree, _ certificates: [CertificateSettings]
  ) -> [ListenerConfiguration] {
    let statements = self.statements.filter { $0.directive == "listener" }
    checkActions(in: tree)
    var bound: [BindAddress: SourceLocation] = [:]
    let listeners = statements.map { statement in
      checkListener(statement, certificates, bound: &bound)
      return listener(statement, defaults, tree)
    }
    warnOfUnnamedListeners(listeners, tree)
    refuseUnserved(listeners, tree)
    return listeners
  }

  private mutating func listener(
    _ statement: CheckedStatement, _ defaults: FoldedScope, _ tree: RouteTree
  ) -> ListenerConfiguration {
    let block = statement.block
    let folded = enforced(
      fold(defaults, block, of: "listener \(statement.name)"))
    let settings = EffectiveSettings(folded: folded, schema: checker.schema)
    let redirects = block.first(CoreDirectives.listenerRedirect) != nil
    let mode = block.first(CoreDirectives.serve)?.mode ?? .all
    let scopes = self.scopes(of: tree, under: folded)
    var routes: [EffectiveRoute] = []
    for route in tree.routes {
      let onlyNamed = redirects || mode == .named
      guard let matches = matches(of: route, on: statement.name, onlyNamed: onlyNamed) else {
        continue
      }
      routes.append(effective(route, matches, scopes, listener: folded))
    }
    warnOfOpen(block, "every route that does not say otherwise")
    return ListenerConfiguration(
      name: statement.name, binds: block.all(CoreDirectives.bind).map(\.0),
      tls: block.first(CoreDirectives.listenerTLS), redirectsToHTTPS: redirects,
      servesNamedOnly: mode == .named,
      limits: settings.settings(of: CoreDirectives.limits) ?? LimitSettings(),
      path: settings.entries(of: CoreDirectives.path).first?.settings ?? PathSettings(),
      underscore: settings.entries(of: CoreDirectives.underscore).first?.settings.rule ?? .drop,
      allowsHalfClose: settings.entries(of: CoreDirectives.halfClose).first?.settings.isAllowed
        ?? false,
      settings: settings, scopes: scopes, routes: routes, location: statement.location)
  }

  private mutating func scopes(
    of tree: RouteTree, under listener: FoldedScope
  ) -> [EffectiveScope] {
    var scopes: [EffectiveScope] = []
    for group in tree.groups {
      let outer = group.parent.map { scopes[$0].settings.folded } ?? listener
      let folded = enforced(
        fold(outer, group.statement.block, of: "group \(group.statement.name)"))
      scopes.append(
        EffectiveScope(
          name: group.statement.name, matches: group.lines.map(\.match), parent: group.parent,
          settings: EffectiveSettings(folded: folded, schema: checker.schema)))
    }
    return scopes
  }

  /// The lines of a route that serve on a listener; nil when it does not live there.
  private func matches(
    of route: RouteTree.Route, on listener: String, onlyNamed: Bool
  ) -> [RouteMatch]? {
    if route.lines.isEmpty { return onlyNamed ? nil : [] }
    let matches = route.lines.map(\.match).filter {
      $0.listeners.isEmpty ? !onlyNamed : $0.listeners.contains(listener)
    }
    return matches.isEmpty ? nil : matches
  }

  private mutating func effective(
    _ route: RouteTree.Route, _ matches: [RouteMatch], _ scopes: [EffectiveScope],
    listener: FoldedScope
  ) -> EffectiveRoute {
    let outer = route.group.map { scopes[$0].settings.folded } ?? listener
    let folded = enforced(
      fold(outer, route.statement.block, of: "route \(route.id)"))
    let settings = EffectiveSettings(folded: folded, schema: checker.schema)
    let isWhole = route.isWhole && areDefaultsWhole
    let place = route.statement.nameLocation
    if folded.slots["action"]?.isEmpty ?? true, isWhole {
      report(
        .missingAction, "route '\(route.id)' has no action", at: place,
        help: "write 'to UPSTREAM', 'respond STATUS' or 'redirect to=URL'")
    }
    if folded.slots["auth"]?.isEmpty ?? true, isWhole {
      report(
        .missingAuth, "route '\(route.id)' has no 'auth' in any scope", at: place,
        help: "write 'auth none' if it is to be open")
    }
    checkParameters(of: settings, route, matches)
    checkIdentity(of: settings, route)
    return EffectiveRoute(
      id: route.id, matches: matches, scope: route.group, settings: settings,
      location: place)
  }

  /// `{path.id}` must be taken by every path of the route, else its text would be missing for some
  /// requests.
  private mutating func checkParameters(
    of settings: EffectiveSettings, _ route: RouteTree.Route, _ matches: [RouteMatch]
  ) {
    let paths = matches.isEmpty ? [.any] : matches.flatMap { $0.paths.isEmpty ? [.any] : $0.paths }
    for value in settings.values.map(\.value) {
      for attribute in attributes(of: value) {
        let isTaken = paths.allSatisfy { path in
          switch attribute {
          case .pathParameter(let name): path.captures.contains { $0.name == name }
          case .pathRest: path.takesRest
          default: true
          }
        }
        guard !isTaken else { continue }
        report(
          .unknownParameter,
          "route '\(route.id)' has a path that takes no '\(attribute)'", at: value.location,
          notes: [.init("the route", at: route.statement.nameLocation)])
      }
    }
  }

  /// Attributes that a value needs: its own, and those of the key of a bucket that it names.
  private func attributes(of value: ParsedValue) -> [Attribute] {
    value.mentions.flatMap { mention -> [Attribute] in
      switch mention {
      case .attribute(let attribute): return [attribute]
      case .reference(.bucket, let name):
        guard let bucket = buckets[name] else { return [] }
        let key = bucket.fallbackKey.isEmpty ? bucket.key : bucket.fallbackKey
        return key.compactMap(\.attribute)
      case .reference: return []
      }
    }
  }

  // MARK: Checks of listeners

  private mutating func checkListener(
    _ statement: CheckedStatement, _ certificates: [CertificateSettings],
    bound: inout [BindAddress: SourceLocation]
  ) {
    let binds = statement.block.all(CoreDirectives.bind)
    if binds.isEmpty, statement.isBlockWhole {
      report(
        .missingValue, "listener '\(statement.name)' has no 'bind'", at: statement.nameLocation)
    }
    if let first = binds.first?.0,
      let other = binds.first(where: { $0.0.protocols != first.protocols })
    {
      report(
        .settingsConflict, "the binds of listener '\(statement.name)' offer different protocols",
        at: other.1.location, help: "a listener of its own for each list of protocols")
    }
    for (bind, place) in binds {
      guard let first = bound[bind.address] else {
        bound[bind.address] = place.nameLocation
        continue
      }
      report(
        .duplicateName, "'\(bind.address)' is bound twice", at: place.nameLocation,
        notes: [.init("first bound here", at: first)])
    }
    for (tls, place) in statement.block.all(CoreDirectives.listenerTLS) {
      if tls.certificates.isEmpty, place.isBlockWhole,
        place.changes.contains(where: {
          $0.property.name == "certificates"
        })
      {
        report(
          .missingValue, "'tls' needs at least one certificate",
          at: place.location(of: "certificates"))
      }
      for name in tls.certificates {
        guard let found = certificates.first(where: { $0.name == name }), found.names.isEmpty
        else { continue }
        report(
          .missingValue, "certificate '\(name)' has no 'names=', which a listener needs",
          at: place.location(of: "certificates"),
          notes: names.place(of: name, .certificate).map { [.init("the certificate", at: $0)] }
            ?? [])
      }
    }
  }

  /// A route that names no listener where several serve may be meant for one of them only.
  private mutating func warnOfUnnamedListeners(
    _ listeners: [ListenerConfiguration], _ tree: RouteTree
  ) {
    let serving = listeners.filter { !$0.redirectsToHTTPS && !$0.servesNamedOnly }
    guard serving.count > 1 else { return }
    for route in tree.routes
    where route.lines.isEmpty || route.lines.contains(where: { $0.match.listeners.isEmpty }) {
      report(
        .listenerNotNamed, "route '\(route.id)' names no listener, and \(serving.count) serve it",
        at: route.statement.nameLocation, help: "match listener=[...], or 'serve named'")
    }
  }

  private mutating func refuseUnserved(
    _ listeners: [ListenerConfiguration], _ tree: RouteTree
  ) {
    guard !listeners.isEmpty else { return }
    let served = Set(listeners.flatMap { $0.routes.map(\.id) })
    for route in tree.routes where route.isWhole && !served.contains(route.id) {
      // A listener that does not exist has been reported where it is named.
      let named = route.lines.flatMap(\.match.listeners)
      guard named.allSatisfy({ names.has($0, .listener) }) else { continue }
      report(
        .unservedRoute, "route '\(route.id)' lives on no listener",
        at: route.statement.nameLocation,
        help: "'redirect https' and 'serve named' listeners serve only routes that name them")
    }
  }

  // MARK: Checks of actions

  /// In one scope one action, and shares that add up.
  private mutating func checkActions(in tree: RouteTree) {
    for statement in tree.groups.map(\.statement) + tree.routes.map(\.statement) {
      let actions = statement.block.filter { $0.shape.inheritance == .action }
      for other in actions.dropFirst() where other.directive != actions[0].directive {
        report(
          .severalActions, "'\(other.directive)' is a second action in one scope",
          at: other.location, notes: [.init("the first one", at: actions[0].location)])
      }
      checkShares(statement.block.all(CoreDirectives.to))
    }
  }

  private mutating func checkShares(_ shares: [(ShareSettings, CheckedStatement)]) {
    guard let (_, first) = shares.first else { return }
    var seen: Set<String> = []
    for (share, statement) in shares {
      if !seen.insert(share.upstream).inserted {
        report(
          .duplicateValue, "'\(share.upstream)' has two shares", at: statement.nameLocation)
      }
      if shares.count > 1, share.share == nil {
        report(
          .wrongShares, "this 'to' needs a share, as there are several",
          at: statement.nameLocation, hint: "write 'to \(share.upstream) 50%'")
        return
      }
    }
    checkSticky(shares)
    let sum = shares.reduce(0) { $0 + ($1.0.share ?? .whole).millionths }
    guard sum != Percent.whole.millionths else { return }
    let percent = sum % 10_000 == 0 ? "\(sum / 10_000)%" : "\(sum / 10_000).\(sum % 10_000 / 100)%"
    report(.wrongShares, "the shares add up to \(percent), not to 100%", at: first.location)
  }

  /// One key for all shares of a scope, and a choice that it can make.
  private mutating func checkSticky(_ shares: [(ShareSettings, CheckedStatement)]) {
    let keyed = shares.filter { $0.0.sticky != nil }
    guard let (first, statement) = keyed.first else { return }
    if shares.count == 1 {
      report(
        .wrongShares, "'sticky' needs a second share to keep clients from",
        at: statement.location(of: "sticky"))
    }
    for (other, place) in keyed.dropFirst() where other.sticky != first.sticky {
      report(
        .wrongShares, "the shares of one scope are kept by one key",
        at: place.location(of: "sticky"),
        notes: [.init("the first one", at: statement.location(of: "sticky"))])
    }
  }
}
