// `enforce` and `waive` over a whole config: rules are applied to every scope, and what is weaker
// is reported once, with both places and the routes that it concerns.

/// What is weaker on which routes.
struct WeakeningList {
  private(set) var routes: [Weakening: [EffectiveRoute]] = [:]
  private(set) var order: [Weakening] = []

  mutating func add(_ weakening: Weakening, of route: EffectiveRoute) {
    if routes[weakening] == nil { order.append(weakening) }
    let known = routes[weakening, default: []]
    if !known.contains(where: { $0.id == route.id }) { routes[weakening] = known + [route] }
  }
}

extension Compiler {
  /// The statements of all `enforce` blocks, which add up.
  mutating func enforceRules() -> [EnforceRule] {
    let blocks = statements.filter { $0.directive == "enforce" }.map(\.block)
    refuseRepetitions(among: blocks, of: "enforce")
    for statement in blocks.joined() {
      guard statement.form == .settings, statement.isLineWhole else { continue }
      switch statement.shape.inheritance {
      case .atomic where !statement.values.isEmpty:
        report(
          .excessArgument, "'\(statement.directive)' says no more than its name here",
          at: statement.nameLocation, help: "it demands an identity, whichever that is")
      case .conjunction, .keyedSet:
        refuseTrial(statement)
        let settings = statement.declaration.settings(applying: statement.values)
        for problem in statement.declaration.problems(in: settings) {
          report(
            problem.code, problem.message, at: statement.location(of: problem.property),
            help: problem.help)
        }
      default: continue
      }
    }
    return blocks.joined().map { EnforceRule(statement: $0) }
  }

  /// What only decides on trial is no demand.
  private mutating func refuseTrial(_ statement: CheckedStatement) {
    guard statement.isShadow else { return }
    report(
      .settingsConflict, "a rule on trial enforces nothing", at: statement.location(of: "shadow"),
      help: "try it out in 'defaults' first")
  }

  /// A scope with all that is set for everyone.
  func enforced(_ scope: FoldedScope) -> FoldedScope {
    var scope = scope
    for rule in rules { rule.apply(to: &scope) }
    return scope
  }

  mutating func checkEnforcement(_ listeners: [ListenerConfiguration]) {
    var found = WeakeningList()
    for route in listeners.flatMap(\.routes) {
      checkFit(of: route)
      for weakening in rules.flatMap({ $0.weakenings(in: route.settings.folded) }) {
        found.add(weakening, of: route)
      }
    }
    let waives = statements.all(CoreDirectives.waive)
    var used: Set<SourceLocation> = []
    for weakening in found.order {
      let routes = (found.routes[weakening] ?? []).filter { route in
        let waive = waives.first { settings, _ in
          settings.covers(weakening.subject) && settings.routes.contains(route.id)
        }
        if let waive { used.insert(waive.1.location) }
        return waive == nil
      }
      report(weakening, of: routes)
    }
    checkWaives(waives, used, listeners)
  }

  /// A value that is set for all must fit what the scopes say beside it. What does not fit without
  /// it was refused before.
  private mutating func checkFit(of route: EffectiveRoute) {
    for rule in rules.map(\.statement) where rule.shape.isRecord {
      guard let record = route.settings.folded.records[rule.directive], record.isOn else {
        continue
      }
      let settings = record.declaration.settings(applying: record.ordered)
      for problem in record.declaration.problems(in: settings) {
        report(
          problem.code, problem.message, at: rule.location(of: problem.property),
          notes: [.init("route '\(route.id)'", at: route.location)], help: problem.help)
      }
    }
  }

  private mutating func report(_ weakening: Weakening, of routes: [EffectiveRoute]) {
    guard let first = routes.first else { return }
    let others =
      routes.count > 1 ? " and \(routes.count - 1) more" : ""
    var notes = [Diagnostic.Note("enforced here", at: weakening.rule)]
    if weakening.location != nil { notes.append(.init("route '\(first.id)'", at: first.location)) }
    let origin = weakening.location == nil ? ", which is built in" : ""
    report(
      .weakerThanEnforced,
      "'\(weakening.subject)' of route '\(first.id)'\(others) is \(weakening.found)\(origin), "
        + "and \(weakening.demanded) is enforced",
      at: weakening.location ?? first.location, notes: notes,
      help: "only a 'waive' can allow it, in a file that may hold one")
  }

  // MARK: Waives

  private mutating func checkWaives(
    _ waives: [(WaiveSettings, CheckedStatement)], _ used: Set<SourceLocation>,
    _ listeners: [ListenerConfiguration]
  ) {
    for (settings, statement) in waives {
      guard checkRoutes(settings.routes, statement) else { continue }
      if settings.isOfAudit {
        checkAuditWaive(settings, statement, listeners)
      } else if !used.contains(statement.location), statement.isLineWhole {
        report(
          .staleException, "'waive \(settings.subject)' waives nothing", at: statement.location,
          help: "no 'enforce' forbids it on these routes: take it out")
      }
      note(
        "waive \(settings.subject) route=[\(settings.routes.joined(separator: " "))]",
        settings.owner, settings.reason, settings.lastDay, statement.location)
    }
  }

  /// Whether all the routes exist; those that do not are reported.
  mutating func checkRoutes(_ routes: [String], _ statement: CheckedStatement) -> Bool {
    var areKnown = true
    for route in routes where !names.has(route, .route) {
      areKnown = false
      let meant = Suggestion.nearest(to: route, among: names.names(.route))
      report(
        .unknownReference, "there is no route '\(route)'", at: statement.location(of: "route"),
        hint: meant.map { "did you mean '\($0)'?" })
    }
    return areKnown
  }

  mutating func note(
    _ subject: String, _ owner: String, _ reason: String, _ lastDay: CalendarDate?,
    _ location: SourceLocation
  ) {
    guard let lastDay else { return }
    exceptions.append(
      PolicyException(
        subject: subject, owner: owner, reason: reason, lastDay: lastDay, location: location))
  }

  private mutating func checkAuditWaive(
    _ settings: WaiveSettings, _ statement: CheckedStatement,
    _ listeners: [ListenerConfiguration]
  ) {
    guard settings.subject == DiagnosticCode.plainUpstream.description else {
      let isKnown = DiagnosticCode.all.contains { $0.description == settings.subject }
      return report(
        isKnown ? .notInThisVersion : .unknownReference,
        isKnown
          ? "'\(settings.subject)' cannot be waived in this version"
          : "there is no code '\(settings.subject)'", at: statement.nameLocation)
    }
    let upstreams = plainUpstreams(of: settings.routes, listeners)
    guard upstreams.isEmpty, statement.isLineWhole else { return }
    report(
      .staleException, "'waive \(settings.subject)' waives nothing", at: statement.location,
      help: "these routes forward to no upstream in clear text outside")
  }

  /// Upstreams in clear text to which these routes forward.
  private func plainUpstreams(
    of routes: [String], _ listeners: [ListenerConfiguration]
  ) -> Set<String> {
    let plain = Set(plainServers.map(\.upstream))
    let named = listeners.flatMap(\.routes).filter { routes.contains($0.id) }
    return Set(named.flatMap(\.shares).map(\.upstream)).intersection(plain)
  }

  /// A0105, unless every route that forwards to the upstream has it waived.
  mutating func reportPlainServers(_ listeners: [ListenerConfiguration]) {
    let waived = Set(
      statements.all(CoreDirectives.waive)
        .filter { $0.0.subject == DiagnosticCode.plainUpstream.description }
        .flatMap(\.0.routes))
    for server in plainServers {
      let users = listeners.flatMap(\.routes).filter { route in
        route.shares.contains { $0.upstream == server.upstream }
      }
      if !users.isEmpty, users.allSatisfy({ waived.contains($0.id) }) { continue }
      report(
        .plainUpstream,
        "'\(server.endpoint)' is spoken to in clear text over a network that may be public",
        at: server.location, help: "add 'tls' to upstream '\(server.upstream)'")
    }
  }
}

/// A server that is spoken to in clear text, outside of private networks.
struct PlainServer {
  let upstream: String
  let endpoint: Endpoint
  let location: SourceLocation
}

extension WaiveSettings {
  /// Whether it names a code of the audit.
  var isOfAudit: Bool {
    subject.utf8.count == 5 && subject.hasPrefix("A") && subject.dropFirst().isDigits
  }

  /// Whether it speaks of a weakening: a directive covers all of its properties.
  func covers(_ weakened: String) -> Bool {
    weakened == subject || weakened.hasPrefix(subject + ".")
  }
}
