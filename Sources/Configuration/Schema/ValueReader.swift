// Reads one written value by its type. Refusals are collected, so that one run reports every wrong
// value.

/// A value after its type has read it.
package struct ParsedValue: Sendable {
  /// The Swift value that the property's type made; nil while an `env()` or `file()` is not
  /// resolved.
  let payload: (any Sendable)?
  /// The form that `adapt` prints and that lists are compared by.
  package let canonical: JSON
  /// The items of a list property; nil for a single value.
  let items: [ParsedValue]?
  let mentions: [Mention]
  package let location: SourceLocation
}

/// A value that its type refused.
package struct Refusal {
  let location: SourceLocation
  /// Completes "'max' ...".
  let clause: String
  let hint: String?
  let code: DiagnosticCode
  /// Whether the text is a secret that should not have been written there.
  let isConfidential: Bool
}

/// What values are read against: nothing in `check`, the environment and files in `--resolve` and
/// `run`.
package struct ValueReader {
  let resolution: (any ResolutionSource)?
  private(set) var refusals: [Refusal] = []

  init(resolution: (any ResolutionSource)?) { self.resolution = resolution }

  /// The refusals since the last call.
  mutating func takeRefusals() -> [Refusal] {
    defer { refusals = [] }
    return refusals
  }

  mutating func refuse(
    _ value: ValueSyntax, _ clause: String, hint: String? = nil, code: DiagnosticCode,
    isConfidential: Bool = false, at location: SourceLocation? = nil
  ) {
    refusals.append(
      Refusal(
        location: location ?? value.location, clause: clause, hint: hint, code: code,
        isConfidential: isConfidential))
  }

  mutating func read<Wrapped>(_ value: ValueSyntax, as type: ValueType<Wrapped>) -> ParsedValue? {
    switch value.form {
    case .word(let text), .string(let text): parse(text, of: value, as: type)
    case .list: refused(value, "takes \(type.shape.noun), not a list", code: .wrongType)
    case .call(let call) where call.function == .secret: readSecret(call, of: value, as: type)
    case .call(let call): resolve(call, of: value, as: type)
    }
  }

  private mutating func refused(
    _ value: ValueSyntax, _ clause: String, hint: String? = nil, code: DiagnosticCode,
    at location: SourceLocation? = nil
  ) -> ParsedValue? {
    refuse(value, clause, hint: hint, code: code, at: location)
    return nil
  }

  /// Parses `text`, which stands where `value` is written or was named by it.
  private mutating func parse<Wrapped>(
    _ text: String, of value: ValueSyntax, as type: ValueType<Wrapped>, canonical: JSON? = nil
  ) -> ParsedValue? {
    do {
      let payload = try type.parse(text)
      return ParsedValue(
        payload: payload, canonical: canonical ?? type.canonical(payload), items: nil,
        mentions: type.mentions(payload), location: value.location)
    } catch {
      if type.secret != nil {
        refuse(value, "takes \(type.shape.noun)", code: .literalSecret, isConfidential: true)
        return nil
      }
      let meant = Suggestion.nearest(to: text, among: type.shape.words)
      let hint = error.hint ?? meant.map { "did you mean '\($0)'?" }
      if let place = error.place, let reason = error.reason {
        return refused(
          value, reason, hint: hint, code: error.isLater ? .notInThisVersion : .wrongType,
          at: value.location(of: place))
      }
      let clause =
        error.reason.map { "\($0)\($0.hasPrefix("must be") ? ", not" : ":") '\(text)'" }
        ?? "takes \(type.shape.noun), not '\(text)'"
      let code =
        error.isLater
        ? DiagnosticCode.notInThisVersion : error.reason == nil ? .wrongType : .outOfRange
      return refused(value, clause, hint: hint, code: code)
    }
  }

  private mutating func readSecret<Wrapped>(
    _ call: CallSyntax, of value: ValueSyntax, as type: ValueType<Wrapped>
  ) -> ParsedValue? {
    guard let make = type.secret else {
      return refused(value, "does not take secret(...)", code: .callNotAllowed)
    }
    let source: Secret.Source
    do { source = try Secret.Source(parsing: call.arguments.first ?? "") } catch {
      return refused(
        value, "takes secret(\"file:PATH\" | \"env:NAME\" | \"cred:NAME\")", code: .wrongType)
    }
    var secret = Secret(source)
    if let resolution {
      guard let bytes = resolution.bytes(of: source) else {
        return refused(value, "cannot be read: \(secret)", code: .unresolved)
      }
      secret = Secret(source, resolvedTo: bytes)
    }
    return ParsedValue(
      payload: make(secret), canonical: .string(secret.description), items: nil, mentions: [],
      location: value.location)
  }

  private mutating func resolve<Wrapped>(
    _ call: CallSyntax, of value: ValueSyntax, as type: ValueType<Wrapped>
  ) -> ParsedValue? {
    guard type.shape.calls.contains(call.function) else {
      return refused(
        value, "does not take \(call.function.rawValue)(...): it is proved without an environment",
        code: .callNotAllowed)
    }
    let canonical = call.canonical
    if call.function == .file, let make = type.file {
      let path = call.arguments.first ?? ""
      guard !path.utf8.contains(0) else {
        return refused(value, "takes the path of a file in file(...)", code: .wrongType)
      }
      return ParsedValue(
        payload: make(path), canonical: canonical, items: nil, mentions: [],
        location: value.location)
    }
    let fallback = call.arguments.dropFirst().first
    guard let resolution else {
      // The default is checked now: a wrong one must not wait for the day the variable is missing.
      if let fallback { return parse(fallback, of: value, as: type, canonical: canonical) }
      return ParsedValue(
        payload: nil, canonical: canonical, items: nil, mentions: [], location: value.location)
    }
    guard let text = resolution.text(of: call) ?? fallback else {
      return refused(value, "cannot be resolved: \(call)", code: .unresolved)
    }
    return parse(text, of: value, as: type, canonical: canonical)
  }
}

extension CallSyntax {
  /// The call as `adapt` prints it, never with what it resolves to.
  var canonical: JSON {
    switch function {
    case .env:
      .members([
        "env": .string(arguments.first ?? ""),
        "default": arguments.dropFirst().first.map { .string($0) },
      ])
    case .file: .members(["file": .string(arguments.first ?? "")])
    case .secret: .string(description)
    }
  }
}
