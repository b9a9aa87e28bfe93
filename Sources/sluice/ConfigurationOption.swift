// `-c routes.conf`, and the loading that most commands begin with.

import ArgumentParser
import Configuration
import Engine
import Gateway

/// The config that a command is about.
struct ConfigurationOption: ParsableArguments {
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The config's root file.", valueName: "file"),
    completion: .file(extensions: ["conf"]))
  var path = "routes.conf"

  /// Loads the config. A root file that cannot be read ends the command.
  func load(resolving resolution: (any ResolutionSource)? = nil) throws(CommandFailure)
    -> LoadResult
  {
    let files = DiskFiles()
    do throws(FileProblem) {
      _ = try files.read(path)
    } catch {
      throw CommandFailure(.noInput, "\(path) cannot be read: \(error.message)")
    }
    return ConfigurationLoader(files: files, schema: Language.schema)
      .load(path, resolving: resolution)
  }

  /// Loads a config for a command that needs a valid one; else says what is wrong and ends.
  func loadValid() throws -> EffectiveConfiguration {
    let result = try load()
    guard let configuration = result.configuration else {
      let rendering = HumanRendering(
        sources: result.sources, hasColor: Console.hasColor(.error))
      Console.complain(rendering.text(of: result.diagnostics))
      throw ExitStatus.problems.ending
    }
    return configuration
  }
}
