// `assert` blocks: their terms are read by the declarations of the directives that they name, and
// judged on every pair of listener and route.

extension Compiler {
  private struct Demand {
    let statement: CheckedStatement
    let terms: [AssertionTerm]
    let conditions: [AssertionTerm]
    var isForbidding: Bool { statement.directive == "forbid" }
  }

  /// - Parameter subjects: nil where routes have errors of their own; terms are read all the same.
  mutating func checkAssertions(on subjects: [AssertionSubject]?) {
    for block in statements where block.directive == "assert" {
      let demands = block.block.filter(\.shape.takesTerms).compactMap { demand($0) }
      if demands.isEmpty, block.isBlockWhole, !block.block.contains(where: \.shape.takesTerms) {
        report(
          .missingValue, "assert '\(block.name)' demands nothing", at: block.nameLocation,
          help: "write 'require TERM' or 'forbid TERM'")
      }
      if let subjects { check(demands, of: block, subjects) }
    }
  }

  func subjects(
    _ listeners: [ListenerConfiguration], _ upstreams: [UpstreamConfiguration]
  ) -> [AssertionSubject] {
    let secure = Set(upstreams.filter { $0.tls != nil }.map(\.name))
    let written = statements.filter { $0.directive == "listener" }
    return zip(listeners, written).flatMap { listener, statement in
      listener.routes.map {
        AssertionSubject(
          listener: listener, route: $0, listenerStatement: statement, secureUpstreams: secure)
      }
    }
  }

  private mutating func check(
    _ demands: [Demand], of block: CheckedStatement, _ subjects: [AssertionSubject]
  ) {
    let exceptions = block.block.all(CoreDirectives.except)
    var used: Set<String> = []
    for demand in demands {
      let concerned = subjects.filter { subject in
        demand.conditions.allSatisfy { subject.mayHold($0) }
      }
      if concerned.isEmpty, !demand.conditions.isEmpty, !subjects.isEmpty {
        report(
          .assertionMeetsNothing, "no route meets the 'where' of assert '\(block.name)'",
          at: demand.statement.location)
      }
      for subject in concerned where breaks(demand, subject) {
        if exceptions.contains(where: { $0.0.route == subject.route.id }) {
          used.insert(subject.route.id)
        } else {
          report(demand, subject, block)
        }
      }
    }
    let areRead = demands.count == block.block.filter(\.shape.takesTerms).count
    check(exceptions, used, of: block, areDemandsRead: areRead && block.isBlockWhole)
  }

  private func breaks(_ demand: Demand, _ subject: AssertionSubject) -> Bool {
    demand.isForbidding
      ? demand.terms.allSatisfy { subject.mayHold($0) }
      : !demand.terms.allSatisfy { subject.holds($0) }
  }

  private mutating func report(
    _ demand: Demand, _ subject: AssertionSubject, _ block: CheckedStatement
  ) {
    // A demand is broken by the terms that do not hold; what is forbidden, by all of them.
    let guilty = demand.terms.filter { demand.isForbidding || !subject.holds($0) }
    let texts = guilty.map(\.text).joined(separator: " ")
    let verb = demand.isForbidding ? "forbids" : "requires"
    let place = guilty.compactMap { subject.location(of: $0) }.first
    var notes = [Diagnostic.Note("asserted here", at: demand.statement.location)]
    if place != nil { notes.append(.init("the route", at: subject.route.location)) }
    report(
      .assertionBroken,
      "route '\(subject.route.id)' on listener '\(subject.listener.name)': assert "
        + "'\(block.name)' \(verb) \(texts)",
      at: place ?? subject.route.location, notes: notes)
  }

  private mutating func check(
    _ exceptions: [(ExceptSettings, CheckedStatement)], _ used: Set<String>,
    of block: CheckedStatement, areDemandsRead: Bool
  ) {
    for (settings, statement) in exceptions {
      guard checkRoutes([settings.route], statement) else { continue }
      if !used.contains(settings.route), areDemandsRead, statement.isLineWhole {
        report(
          .staleException,
          "route '\(settings.route)' keeps assert '\(block.name)' without an exception",
          at: statement.location, help: "take it out, before it excuses what comes later")
      }
      note(
        "except \(settings.route) of assert \(block.name)", settings.owner, settings.reason,
        settings.lastDay, statement.location)
    }
  }

  // MARK: Terms

  private mutating func demand(_ statement: CheckedStatement) -> Demand? {
    var terms: [AssertionTerm] = []
    var conditions: [AssertionTerm] = []
    var isBehindWhere = false
    var isWhole = true
    for written in statement.terms {
      if case .word(let word) = written, word.text == "where" {
        if isBehindWhere {
          report(.syntax, "'where' stands twice in one statement", at: word.location)
          isWhole = false
        }
        isBehindWhere = true
        continue
      }
      guard let term = term(written) else {
        isWhole = false
        continue
      }
      if isBehindWhere { conditions.append(term) } else { terms.append(term) }
    }
    guard isWhole else { return nil }
    guard !terms.isEmpty, !(isBehindWhere && conditions.isEmpty) else {
      report(
        .missingValue, "'\(statement.directive)' lacks its terms", at: statement.location,
        help: "sluice explain \(statement.directive)")
      return nil
    }
    return Demand(statement: statement, terms: terms, conditions: conditions)
  }

  private mutating func term(_ written: AssertionTermSyntax) -> AssertionTerm? {
    let form: AssertionTerm.Form?
    switch written {
    case .word(let value): form = word(value)
    case .property(let property): form = self.property(property)
    }
    return form.map { AssertionTerm(form: $0, text: written.text, location: written.location) }
  }

  private mutating func word(_ value: ValueSyntax) -> AssertionTerm.Form? {
    let name = value.text ?? ""
    let schema = checker.schema
    if let declaration = schema.declaration(named: name, in: .route)
      ?? schema.declaration(named: name, in: .listener),
      declaration.shape.inheritance != .narrowing
    {
      return .word(declaration)
    }
    if LaterVersion.directives.contains(name) {
      report(.notInThisVersion, "'\(name)' is not in this version", at: value.location)
    } else {
      let meant = Suggestion.nearest(to: name, among: schema.names(in: .route))
      report(
        .unknownDirective, "\(value.quoted) is no term", at: value.location,
        hint: meant.map { "did you mean '\($0)'?" })
    }
    return nil
  }

  private mutating func property(_ property: PropertySyntax) -> AssertionTerm.Form? {
    switch property.name {
    case "host", "path", "method", "listener": return match(property)
    case "upstream":
      guard let names = values(of: property, ValueType.reference(to: .upstream)) else { return nil }
      return .upstream(names)
    case "auth.includes":
      return values(of: property, ValueType.reference(to: .identity)).map { .identities($0) }
    case "upstream.tls":
      guard let isOn = values(of: property, ValueType.flag)?.first else { return nil }
      return .upstreamTLS(isOn)
    default: return setting(property)
    }
  }

  private mutating func match(_ property: PropertySyntax) -> AssertionTerm.Form? {
    switch property.name {
    case "host": values(of: property, .hostPattern).map { .match(RouteMatch(hosts: $0)) }
    case "path": values(of: property, .pathPattern).map { .match(RouteMatch(paths: $0)) }
    case "method": values(of: property, .method).map { .match(RouteMatch(methods: $0)) }
    default: values(of: property, ValueType.reference(to: .listener)).map { .listener($0) }
    }
  }

  /// Reads one value or a list of such; nil when something is wrong with it.
  private mutating func values<Item>(
    of property: PropertySyntax, _ type: ValueType<Item>
  ) -> [Item]? {
    guard property.operation == .set else {
      report(
        .wrongOperator, "'\(property.operation.rawValue)' does not fit '\(property.name)'",
        at: property.location, hint: "write \(property.name)=")
      return nil
    }
    let parsed = checker.reader.readList(property.value, of: type, arity: .anyOf)
    guard !takeRefusals(property.name), let items = parsed?.items else { return nil }
    for item in items { checkReferences(of: item) }
    return items.compactMap { $0.payload as? Item }
  }

  /// Reports what the reader refused; whether there was something.
  private mutating func takeRefusals(_ subject: String) -> Bool {
    let refusals = checker.reader.takeRefusals()
    for refusal in refusals {
      report(
        refusal.code, "'\(subject)' \(refusal.clause)", at: refusal.location, hint: refusal.hint)
    }
    return !refusals.isEmpty
  }

  /// `timeout.total<=30s`, `tls.min>=1.2`: a property of a record, or of what a listener says.
  private mutating func setting(_ written: PropertySyntax) -> AssertionTerm.Form? {
    let parts = written.name.split(separator: ".", maxSplits: 1).map(String.init)
    let schema = checker.schema
    guard parts.count == 2,
      let declaration = [Scope.route, .listener].lazy.compactMap({
        schema.declaration(named: parts[0], in: $0)
      }).first(where: { declaration in
        if case .record = declaration.shape.inheritance { return true }
        return declaration.shape.scopes == [.listener] && !declaration.shape.isRepeatable
      }), let slot = declaration.shape.slot(named: parts[1])
    else {
      let isLater = LaterVersion.directives.contains(parts[0])
      report(
        isLater ? .notInThisVersion : .unknownProperty,
        isLater
          ? "'\(parts[0])' is not in this version"
          : "no directive has one property '\(written.name)'", at: written.location,
        hint: isLater ? nil : "such as timeout.total, body.max or tls.min")
      return nil
    }
    let property = declaration.shape[slot]
    let isBound = written.operation == .atLeast || written.operation == .atMost
    guard written.operation == .set || (isBound && property.isOrdered) else {
      report(
        .wrongOperator, "'\(written.operation.rawValue)' does not fit '\(written.name)'",
        at: written.location, hint: "write \(written.name)=")
      return nil
    }
    let value = declaration.read(written.value, for: slot, with: &checker.reader)
    guard !takeRefusals(written.name), let value else { return nil }
    return .property(
      declaration, SettledProperty(slot: slot, name: parts[1], value: value), written.operation)
  }
}
