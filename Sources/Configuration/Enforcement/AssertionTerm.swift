// Terms of `require` and `forbid`, as written and as they are judged on one pair of listener and
// route.

/// A term as written: a word, or a property with its operator.
package enum AssertionTermSyntax: Sendable {
  case word(ValueSyntax)
  case property(PropertySyntax)

  var location: SourceLocation {
    switch self {
    case .word(let value): value.location
    case .property(let property): property.location
    }
  }

  /// The term on one line.
  var text: String {
    switch self {
    case .word(let value): value.text ?? value.quoted
    case .property(let property):
      property.name + property.operation.rawValue + property.value.written
    }
  }
}

extension ValueSyntax {
  fileprivate var written: String {
    if case .list(let items) = form {
      return "[" + items.map(\.written).joined(separator: " ") + "]"
    }
    return text ?? quoted
  }
}

/// A term that was read.
struct AssertionTerm {
  enum Form {
    /// `auth`, `limit`, `cors`: there, on, and not on trial.
    case word(any DirectiveDeclaration)
    case property(any DirectiveDeclaration, SettledProperty, PropertySyntax.Operator)
    /// `host= path= method=`: whether the route takes such requests.
    case match(RouteMatch)
    case listener([String])
    case upstream([String])
    case upstreamTLS(Bool)
    /// `auth.includes=`: whether one of the identities can open the route.
    case identities([String])
  }

  let form: Form
  let text: String
  let location: SourceLocation
}

/// One pair, with what terms ask of it.
struct AssertionSubject {
  let listener: ListenerConfiguration
  let route: EffectiveRoute
  /// The listener's own statement, for `tls.min`.
  let listenerStatement: CheckedStatement
  /// Names of upstreams that are spoken to over TLS.
  let secureUpstreams: Set<String>

  /// Whether a term holds for every request of the pair: what `require` asks.
  func holds(_ term: AssertionTerm) -> Bool {
    switch term.form {
    case .match(let match): lines.allSatisfy { $0.intersection(match) == $0 }
    case .upstream(let names):
      !route.shares.isEmpty && route.shares.allSatisfy { names.contains($0.upstream) }
    case .upstreamTLS(true): route.shares.allSatisfy(isSecure)
    case .upstreamTLS(false): !route.shares.isEmpty && !route.shares.contains(where: isSecure)
    case .property(let declaration, let property, let operation):
      value(of: property, declaration)?.keeps(operation, property.value) ?? false
    case .word, .listener, .identities: holdsAsAWhole(term)
    }
  }

  /// Whether a term holds for some request of the pair: what `forbid` and `where` ask, so that both
  /// concern too many routes rather than too few.
  func mayHold(_ term: AssertionTerm) -> Bool {
    switch term.form {
    case .match(let match): lines.contains { $0.intersection(match) != nil }
    case .upstream(let names): route.shares.contains { names.contains($0.upstream) }
    case .upstreamTLS(true): route.shares.contains(where: isSecure)
    case .upstreamTLS(false): route.shares.contains { !isSecure($0) }
    case .property(let declaration, let property, let operation):
      value(of: property, declaration)?.keeps(operation, property.value)
        ?? isUnbounded(declaration, operation)
    case .word, .listener, .identities: holdsAsAWhole(term)
    }
  }

  private func holdsAsAWhole(_ term: AssertionTerm) -> Bool {
    switch term.form {
    case .word(let declaration): isOn(declaration)
    case .listener(let names): names.contains(listener.name)
    case .identities(let names): includes(names)
    case .property, .match, .upstream, .upstreamTLS: false
    }
  }

  private var lines: [RouteMatch] { route.matches.isEmpty ? [RouteMatch()] : route.matches }

  private func isSecure(_ share: UpstreamShare) -> Bool {
    secureUpstreams.contains(share.upstream)
  }

  /// A protection that is off has no value, and so every weak one.
  private func isUnbounded(
    _ declaration: any DirectiveDeclaration, _ operation: PropertySyntax.Operator
  ) -> Bool {
    declaration.shape.isRecord && !declaration.shape.isGrant && operation != .set
  }

  private func includes(_ names: [String]) -> Bool {
    route.settings.entries(of: CoreDirectives.auth).contains { entry in
      entry.settings.demandsIdentity && entry.settings.identities.contains { names.contains($0) }
    }
  }

  /// Where the value stands that a property's term is about.
  func location(of term: AssertionTerm) -> SourceLocation? {
    guard case .property(let declaration, let property, _) = term.form else { return nil }
    if declaration.shape.scopes == [.listener] { return statement(of: declaration)?.location }
    let record = route.settings.folded.records[declaration.shape.directive]
    return record?.values[property.name]?.provenance ?? record?.switchedAt
  }

  private func isOn(_ declaration: any DirectiveDeclaration) -> Bool {
    let shape = declaration.shape
    let folded = route.settings.folded
    switch shape.inheritance {
    case .record(let builtIn): return folded.isOn(shape.directive, builtIn)
    case .atomic where shape.directive == "auth":
      let entries = route.settings.entries(of: shape)
      return !entries.isEmpty && entries.allSatisfy(\.demandsIdentity)
    case .atomic: return !route.settings.entries(of: shape).isEmpty
    case .keyedSet, .conjunction:
      return route.settings.entries(of: shape).contains { !$0.isShadow }
    case .none: return statement(of: declaration) != nil
    case .narrowing: return false
    }
  }

  /// The value that holds; nil when the directive is off or says nothing of it.
  private func value(
    of property: SettledProperty, _ declaration: any DirectiveDeclaration
  ) -> ParsedValue? {
    let shape = declaration.shape
    let place = route.location
    guard case .record(let builtIn) = shape.inheritance else {
      guard let statement = statement(of: declaration) else { return nil }
      return statement.values.first { $0.name == property.name }?.value
        ?? declaration.builtInValue(property.slot, at: place)
    }
    let folded = route.settings.folded
    guard folded.isOn(shape.directive, builtIn) else { return nil }
    return folded.records[shape.directive]?.values[property.name]?.value
      ?? declaration.builtInValue(property.slot, at: place)
  }

  private func statement(of declaration: any DirectiveDeclaration) -> CheckedStatement? {
    listenerStatement.block.first { $0.directive == declaration.shape.directive }
  }
}
