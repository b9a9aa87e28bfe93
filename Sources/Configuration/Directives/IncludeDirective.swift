// `sluice` and `include`: the two directives that say how files are read, before anything is
// compiled.

package struct LanguageVersion: Sendable {
  var version = 1
}

/// What an `include` says.
package struct IncludeSettings: Sendable {
  var path = ""
  var may: [String] = []
  var hosts: [HostPattern] = []
  var paths: [PathPattern] = []
}

extension CoreDirectives {
  static let sluice = Manual<LanguageVersion>(
    directive: "sluice",
    summary: "Says the version of the language; the first statement of the root file.",
    scopes: [.top], inheritance: .none,
    arguments: [.integer("version", \.version, in: 1...1, "The version of the language.")],
    defaults: LanguageVersion(), properties: [],
    examples: [Example("every root file starts so", config: "sluice 1")])

  /// Directives that an included file may hold only when its `include` says so.
  static let guarded: Set<String> = [
    "enforce", "waive", "assert", "defaults", "admin", "user", "client-ip", "include",
  ]

  static let include = Manual<IncludeSettings>(
    directive: "include",
    summary: "Reads other files, in byte order, as if their statements stood here.",
    scopes: [.top], inheritance: .none, isRepeatable: true,
    arguments: [
      .value(
        "path", \.path, ValueType.path.literal,
        "A path or glob, relative to the including file. A glob that finds nothing is fine.")
    ],
    defaults: IncludeSettings(),
    properties: [
      .list(
        "may", \.may, of: .directiveName,
        "All that the files may hold at their top level; without it, everything but "
          + "\(guarded.sorted().joined(separator: ", "))."),
      .list("host", \.hosts, of: .hostPattern, "Hosts that the files' routes are narrowed to."),
      .list("path", \.paths, of: .pathPattern, "Paths that the files' routes are narrowed to."),
    ],
    examples: [
      Example("a folder of files", config: "include \"conf.d/*.conf\""),
      Example(
        "a team's files, narrowed to its host and path",
        config: "include \"teams/orders/*.conf\" may=[group route upstream] "
          + "host=[orders.example.com] path=[/orders/**]"),
    ])
}

extension ValueType where Wrapped == String {
  /// The name of a directive of the top level.
  static var directiveName: ValueType {
    ValueType(
      "the name of a directive", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard Parser.isName(Array(text.utf8)[...]) else { throw ValueProblem() }
        return text
      })
  }
}
