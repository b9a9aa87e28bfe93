// The types of the language. A policy that needs another one makes a `ValueType` beside its
// settings.

extension ValueType where Wrapped == Bool {
  package static var flag: ValueType {
    ValueType(
      "on or off", words: ["on", "off"], calls: [],
      schema: .members(["type": .string("boolean")]), canonical: { .bool($0) },
      parse: { (text) throws(ValueProblem) in
        switch text {
        case "on": return true
        case "off": return false
        case "true", "yes": throw ValueProblem(hint: "write on")
        case "false", "no": throw ValueProblem(hint: "write off")
        default: throw ValueProblem()
        }
      })
  }
}

extension ValueType where Wrapped == Int {
  package static func integer(in range: ClosedRange<Int>) -> ValueType {
    ValueType(
      "a whole number from \(range.lowerBound) to \(range.upperBound)",
      schema: .members([
        "type": .string("integer"), "minimum": .number(range.lowerBound),
        "maximum": .number(range.upperBound),
      ]),
      canonical: { .number($0) },
      parse: { (text) throws(ValueProblem) in
        guard text.isDigits || (text.hasPrefix("-") && text.dropFirst().isDigits),
          let number = Int(text)
        else { throw ValueProblem() }
        guard range.contains(number) else {
          throw ValueProblem(
            range.count == 1
              ? "must be \(range.lowerBound)"
              : "must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
      })
  }
}

extension ValueType {
  /// A type with a range, whose canonical form is its description.
  private static func ranged(
    _ noun: String, _ range: ClosedRange<Wrapped>, pattern: String,
    _ parse: @escaping @Sendable (String) throws(ValueProblem) -> Wrapped
  ) -> ValueType where Wrapped: Comparable & CustomStringConvertible {
    ValueType(
      noun, schema: .members(["type": .string("string"), "pattern": .string(pattern)]),
      canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) in
        let value = try parse(text)
        guard range.contains(value) else {
          throw ValueProblem("must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
      })
  }

  /// A type whose canonical form is its description.
  package static func described(
    _ noun: String, words: [String] = [], calls: [CallSyntax.Function] = [.env, .file],
    _ parse: @escaping @Sendable (String) throws(ValueProblem) -> Wrapped
  ) -> ValueType where Wrapped: CustomStringConvertible {
    ValueType(
      noun, words: words, calls: calls, canonical: { .string($0.description) }, parse: parse)
  }
}

extension ValueType where Wrapped == TimeSpan {
  package static func duration(in range: ClosedRange<TimeSpan>) -> ValueType {
    .ranged("a duration such as 50ms or 10s", range, pattern: "^[0-9]+(ms|s|m|h|d)$") {
      (text) throws(ValueProblem) in try TimeSpan(parsing: text)
    }
  }
}

extension ValueType where Wrapped == ByteCount {
  package static func size(in range: ClosedRange<ByteCount>) -> ValueType {
    .ranged("a size such as 64KiB or 1MiB", range, pattern: "^[0-9]+(B|KiB|MiB|GiB)$") {
      (text) throws(ValueProblem) in try ByteCount(parsing: text)
    }
  }
}

extension ValueType where Wrapped == Rate {
  package static var rate: ValueType {
    .described("a rate such as 50/s or 600/m") {
      (text) throws(ValueProblem) in try Rate(parsing: text)
    }
  }
}

extension ValueType where Wrapped == Percent {
  package static var percent: ValueType {
    .described("a percentage such as 5% or 99.9%") {
      (text) throws(ValueProblem) in try Percent(parsing: text)
    }
  }
}

extension ValueType
where
  Wrapped: RawRepresentable<String> & CaseIterable & Sendable
{
  /// One of the cases of an enum.
  package static var enumeration: ValueType {
    let words = Wrapped.allCases.map(\.rawValue)
    return ValueType(
      words.listed, words: words,
      schema: .members(["enum": .strings(words)]), canonical: { .string($0.rawValue) },
      parse: { (text) throws(ValueProblem) in
        guard let found = Wrapped(rawValue: text) else { throw ValueProblem() }
        return found
      })
  }
}

extension [String] {
  /// The words as a sentence names a choice: `a, b or c`.
  package var listed: String {
    guard count > 1, let last else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " or " + last
  }
}

extension ValueType where Wrapped == String {
  package static var text: ValueType {
    ValueType("text", canonical: { .string($0) }, parse: { (text) in text })
  }

  /// A path that is opened where it stands; relative to the folder of the root config.
  package static var path: ValueType {
    ValueType(
      "a path", calls: [.env], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard !text.isEmpty, !text.utf8.contains(0) else { throw ValueProblem() }
        return text
      })
  }

  /// The name of something that is defined elsewhere in the config.
  package static func reference(to kind: EntityKind) -> ValueType {
    let article = "aeiou".contains(kind.description.first ?? "x") ? "an" : "a"
    return ValueType(
      "the name of \(article) \(kind)", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in try EntityName.check(text) }
    ).mentioning { [.reference(kind, $0)] }
  }

  /// The name that a directive defines.
  package static var name: ValueType {
    ValueType(
      "a name of lower-case letters, digits and '-'", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        let name = try EntityName.check(text)
        guard !EntityName.reserved.contains(name) else {
          throw ValueProblem(hint: "'\(name)' is a reserved word")
        }
        return name
      })
  }
}

/// Names of things: the language's alphabet and reserved words.
enum EntityName {
  static let reserved: Set<String> = ["on", "off", "none", "any", "all", "reset", "local", "auto"]

  static func check(_ text: String) throws(ValueProblem) -> String {
    guard let first = text.utf8.first, 97...122 ~= first || 48...57 ~= first,
      text.utf8.count <= 64, text.utf8.allSatisfy(isNameByte)
    else { throw ValueProblem() }
    return text
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    97...122 ~= byte || 48...57 ~= byte || byte == 45
  }
}

extension ValueType where Wrapped == HeaderName {
  package static var headerName: ValueType {
    .described("a field name in lower case such as x-request-id", calls: []) {
      (text) throws(ValueProblem) in try HeaderName(parsing: text)
    }
  }
}

extension ValueType where Wrapped == CIDR {
  package static var cidr: ValueType {
    .described("a network such as 10.0.0.0/8 or fd00::/8") {
      (text) throws(ValueProblem) in try CIDR(parsing: text)
    }
  }
}

extension ValueType where Wrapped == WebURL {
  package static var url: ValueType {
    .described("a URL such as https://example.com/path") {
      (text) throws(ValueProblem) in try WebURL(parsing: text)
    }
  }
}

extension ValueType where Wrapped == Origin {
  package static var origin: ValueType {
    .described("an origin such as https://app.example.com or https://*.example.com") {
      (text) throws(ValueProblem) in try Origin(parsing: text)
    }
  }
}

extension ValueType where Wrapped == CalendarDate {
  package static var date: ValueType {
    .described("a date such as 2027-03-31", calls: []) {
      (text) throws(ValueProblem) in try CalendarDate(parsing: text)
    }
  }
}

extension ValueType where Wrapped == Endpoint {
  package static var endpoint: ValueType {
    .described("an address such as host:8443, \"[::1]:8443\" or unix:/run/x.sock") {
      (text) throws(ValueProblem) in try Endpoint(parsing: text)
    }
  }
}

extension ValueType where Wrapped == BindAddress {
  package static var bindAddress: ValueType {
    .described("an address such as :443, 127.0.0.1:80, \"[::1]:80\" or unix:/run/x.sock") {
      (text) throws(ValueProblem) in try BindAddress(parsing: text)
    }
  }
}

extension ValueType where Wrapped == Template {
  /// Text with attributes in braces; those of the path are checked against the routes that use it.
  package static var template: ValueType {
    ValueType.described("text with attributes such as {path} or {path.id}", calls: []) {
      (text) throws(ValueProblem) in try Template(parsing: text)
    }.mentioning { $0.attributes.map { .attribute($0) } }
  }
}

extension ValueType where Wrapped == Secret {
  /// Only `secret(...)`: a literal secret does not even parse.
  package static var secret: ValueType {
    var type = ValueType(
      "secret(\"file:PATH\" | \"env:NAME\" | \"cred:NAME\")", calls: [.secret],
      canonical: { .string($0.description) },
      parse: { (_) throws(ValueProblem) -> Secret in
        throw ValueProblem("must not stand in the config as text")
      })
    type.secret = { $0 }
    return type
  }

  /// A private key: a path or `secret(...)`.
  package static var privateKey: ValueType {
    var type = ValueType(
      "a path or secret(...)", calls: [.secret], canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) in Secret(.file(text)) })
    type.secret = { $0 }
    return type
  }
}
