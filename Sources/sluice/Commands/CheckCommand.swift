// `sluice check`: everything that is wrong with a config, at once. Pure: no network, no secrets,
// nothing written; only `--resolve` looks further than the config's files.

import ArgumentParser
import Configuration
import Engine

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Tells what is wrong with a config.",
    discussion: """
      Reads the config and all that it includes, and checks syntax, names, values, inheritance \
      and routes that stand in each other's way. It needs no network, no secrets and no \
      environment, and writes nothing.

      Examples:
        sluice check
        sluice check -c staging.conf --strict --format github
        sluice check --resolve --now 2027-01-01

      Exit codes: 0 no problems, 1 problems (with --strict warnings too), 64 usage, 66 the file \
      cannot be read.
      """)

  @OptionGroup var config: ConfigurationOption

  @Flag(help: "Also read what env, file and secret name, prove certificates, and look up names.")
  var resolve = false

  @Flag(help: "Let warnings fail.")
  var strict = false

  @Option(help: ArgumentHelp("Judge dates as of this day instead of today.", valueName: "date"))
  var now: CalendarDate?

  @Option(help: "How findings are printed: human, json, github or sarif.")
  var format = DiagnosticFormat.human

  @Flag(name: .shortAndLong, help: "Print nothing when there are no problems.")
  var quiet = false

  func run() throws {
    let resolution = resolve ? ProcessResolution(root: config.path) : nil
    let result = try config.load(resolving: resolution)
    var findings = DiagnosticList()
    findings.add(result.diagnostics)
    let today = now ?? CalendarDate(unixMilliseconds: WallClock.milliseconds())
    findings.add(result.configuration?.dateFindings(on: today) ?? [])
    if let resolution, let configuration = result.configuration {
      let check = try CertificateCheck(resolution: resolution, day: now)
      findings.add(check.findings(in: configuration))
      findings.add(
        ServersFileCheck(folder: FilePath.folder(of: config.path)).findings(in: configuration))
      findings.add(CredentialCheck(resolution: resolution).findings(in: configuration))
      findings.add(try NameCheck().findings(in: configuration))
    }
    let sorted = findings.sorted
    try Console.print(text(of: sorted, result))
    if findings.hasErrors || (strict && !sorted.isEmpty) {
      throw ExitStatus.problems.ending
    }
  }

  private func text(of findings: [Diagnostic], _ result: LoadResult) -> String {
    switch format {
    case .json: return MachineRendering.json(findings, sources: result.sources)
    case .github: return MachineRendering.github(findings)
    case .sarif: return MachineRendering.sarif(findings, version: Release.version)
    case .human:
      let rendering = HumanRendering(
        sources: result.sources, hasColor: Console.hasColor(.output))
      guard findings.isEmpty else { return rendering.text(of: findings) }
      return quiet ? "" : result.configuration.map(summary) ?? ""
    }
  }

  private func summary(of configuration: EffectiveConfiguration) -> String {
    let routes = Console.count(configuration.routeIDs.count, "route")
    let listeners = Console.count(configuration.listeners.count, "listener")
    return "\(config.path): \(routes) on \(listeners), no problems\n"
  }
}

extension DiagnosticFormat: ExpressibleByArgument {}

extension CalendarDate: ExpressibleByArgument {
  /// A day as the config language writes it.
  package init?(argument: String) {
    do throws(ValueProblem) {
      try self.init(parsing: argument)
    } catch {
      // The parser of arguments says which one is wrong.
      return nil
    }
  }
}
