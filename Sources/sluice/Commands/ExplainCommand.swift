// `sluice explain`: the manual, from the same declarations that the parser reads; and what holds
// for one route, with the line that says so.

import ArgumentParser
import Configuration
import Gateway

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explains a directive, a code, a route or the chain.",
    discussion: """
      Without a topic it lists all of them.

      Examples:
        sluice explain timeout            the manual of a directive
        sluice explain E0107              what a diagnostic's code is about
        sluice explain route api.list     the effective config of a route, each value with the \
      file and line that it comes from
        sluice explain pipeline           what a request passes, in which order and why

      Exit codes: 0 explained, 1 the config has errors, 64 no such topic or route, 66 the file \
      cannot be read.
      """)

  @OptionGroup var config: ConfigurationOption

  @Flag(help: .hidden)
  var reference = false

  @Argument(help: ArgumentHelp("A directive, a code, or 'route' and its name.", valueName: "topic"))
  var topic: [String] = []

  func run() throws {
    try Console.print(try text())
  }

  private func text() throws -> String {
    let schema = Language.schema
    if reference { return schema.reference }
    switch (topic.first, topic.dropFirst().first, topic.count) {
    case (nil, _, _): return list(of: schema)
    case ("pipeline", nil, _): return PipelineText.text
    case (let name?, nil, _):
      if let found = schema.explanation(of: name) { return found }
      throw unknown(
        "topic", name, among: schema.topics + ["pipeline"], "'sluice explain' lists all topics")
    case ("route", let id?, 2): return try explanation(ofRoute: id)
    default:
      throw CommandFailure(.usage, "explain takes one topic, or 'route' and the name of a route")
    }
  }

  private func explanation(ofRoute id: String) throws -> String {
    let configuration = try config.loadValid()
    if let found = configuration.explanation(ofRoute: id) { return found }
    let ids = configuration.routeIDs
    throw unknown(
      "route", id, among: ids, ids.isEmpty ? "\(config.path) has no routes" : nil)
  }

  private func unknown(
    _ kind: String, _ name: String, among names: [String], _ otherwise: String?
  ) -> CommandFailure {
    let hint = Suggestion.nearest(to: name, among: names).map { "did you mean '\($0)'?" }
    let rest = (hint ?? otherwise).map { "; \($0)" } ?? ""
    return CommandFailure(.usage, "there is no \(kind) '\(name)'\(rest)")
  }

  private func list(of schema: Schema) -> String {
    var rows: [(name: String, summary: String)] = []
    for directive in schema.directives {
      let name = directive.shape.directive
      guard !rows.contains(where: { $0.name == name }) else { continue }
      rows.append((name, directive.shape.summary))
    }
    let width = rows.map(\.name.count).max() ?? 0
    let lines = rows.map { row in
      row.name + String(repeating: " ", count: width - row.name.count + 2) + row.summary + "\n"
    }
    let codes = DiagnosticCode.all.map(\.description).joined(separator: " ")
    return lines.joined() + "\nCodes: \(codes)\nAlso: pipeline, route NAME\n"
  }
}
