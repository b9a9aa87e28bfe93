// `sluice adapt`: the effective config as canonical JSON.

import ArgumentParser
import Configuration

struct AdaptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapt",
    abstract: "Prints the effective config as canonical JSON.",
    discussion: """
      Inheritance is resolved: each listener shows its routes with all that holds for them. The \
      bytes do not depend on the order of statements, on what stands in which file, or on the \
      environment; secrets print as where they are kept. 'sluice schema' prints the JSON Schema.

      Examples:
        sluice adapt -c routes.conf | jq '.listener.edge.routes | keys'

      Exit codes: 0 done, 1 the config has errors, 64 usage, 66 the file cannot be read.
      """)

  @OptionGroup var config: ConfigurationOption

  func run() throws {
    try Console.print(try config.loadValid().canonical.pretty)
  }
}
