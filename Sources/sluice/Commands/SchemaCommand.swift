// `sluice schema`: a JSON Schema of what `adapt` prints.

import ArgumentParser
import Configuration
import Gateway

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Prints the JSON Schema of the canonical config.",
    discussion: """
      It describes what 'sluice adapt' prints, as JSON Schema 2020-12.

      Examples:
        sluice schema > sluice.schema.json
      """)

  func run() throws {
    try Console.print(Language.schema.jsonSchema.pretty)
  }
}
