// Diagnostics for programs: JSON, GitHub annotations and SARIF 2.1.0. All of them, in the order
// given.

/// A format of `--format`.
package enum DiagnosticFormat: String, Sendable, CaseIterable {
  case human, json, github, sarif
}

/// Renders diagnostics for programs.
package enum MachineRendering {
  /// An array of objects, one per diagnostic.
  package static func json(_ diagnostics: [Diagnostic], sources: SourceSet) -> String {
    JSON.array(diagnostics.map { object($0, sources) }).pretty
  }

  private static func object(_ diagnostic: Diagnostic, _ sources: SourceSet) -> JSON {
    let chain = sources.chain(of: diagnostic.location.file)
    return .members([
      "code": .string(diagnostic.code.description),
      "severity": .string(diagnostic.severity.rawValue),
      "message": .string(diagnostic.message),
      "location": place(diagnostic.location),
      "includedFrom": chain.isEmpty ? nil : .array(chain.map(place)),
      "hint": diagnostic.hint.map { .string($0) },
      "help": diagnostic.help.map { .string($0) },
      "notes": diagnostic.notes.isEmpty
        ? nil
        : .array(
          diagnostic.notes.map {
            .members(["message": .string($0.message), "location": place($0.location)])
          }),
    ])
  }

  private static func place(_ place: SourceLocation) -> JSON {
    .members([
      "file": .string(place.file), "line": .number(place.line), "column": .number(place.column),
      "length": .number(place.length),
    ])
  }

  /// Workflow commands, one line each.
  package static func github(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map { diagnostic in
      let place = diagnostic.location
      let message = [diagnostic.message, diagnostic.hint, diagnostic.help].compactMap(\.self)
        .joined(separator: "\n")
      let properties = [
        "file=\(escaped(place.file, isProperty: true))", "line=\(place.line)",
        "col=\(place.column)", "endColumn=\(place.column + place.length)",
        "title=\(diagnostic.code)",
      ]
      return "::\(diagnostic.severity.rawValue) \(properties.joined(separator: ","))::"
        + escaped(message, isProperty: false) + "\n"
    }.joined()
  }

  /// Workflow commands end at the line, and their properties at `,` and `:`.
  private static func escaped(_ text: String, isProperty: Bool) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      case ":" where isProperty: result += "%3A"
      case "," where isProperty: result += "%2C"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// A SARIF log with one run.
  package static func sarif(_ diagnostics: [Diagnostic], version: String) -> String {
    let rules = Set(diagnostics.map(\.code)).sorted { $0.description < $1.description }
    let driver = JSON.members([
      "name": .string("sluice"), "version": .string(version),
      "rules": .array(
        rules.map { code in
          .members([
            "id": .string(code.description),
            "shortDescription": .members(["text": .string(code.title)]),
          ])
        }),
    ])
    return JSON.members([
      "$schema": .string("https://json.schemastore.org/sarif-2.1.0.json"),
      "version": .string("2.1.0"),
      "runs": .array([
        .members([
          "tool": .members(["driver": driver]),
          "columnKind": .string("unicodeCodePoints"),
          "results": .array(diagnostics.map(result)),
        ])
      ]),
    ]).pretty
  }

  private static func result(_ diagnostic: Diagnostic) -> JSON {
    let hint = diagnostic.hint.map { " (\($0))" } ?? ""
    return .members([
      "ruleId": .string(diagnostic.code.description),
      "level": .string(diagnostic.severity.rawValue),
      "message": .members(["text": .string(diagnostic.message + hint)]),
      "locations": .array([physical(diagnostic.location, message: nil)]),
      "relatedLocations": diagnostic.notes.isEmpty
        ? nil : .array(diagnostic.notes.map { physical($0.location, message: $0.message) }),
    ])
  }

  private static func physical(_ place: SourceLocation, message: String?) -> JSON {
    .members([
      "physicalLocation": .members([
        "artifactLocation": .members(["uri": .string(place.file)]),
        "region": .members([
          "startLine": .number(place.line), "startColumn": .number(place.column),
          "endColumn": .number(place.column + place.length),
        ]),
      ]),
      "message": message.map { .members(["text": .string($0)]) },
    ])
  }
}
