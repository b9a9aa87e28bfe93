// `sluice fmt`: one layout for all config files. It moves blanks only.

import ArgumentParser
import Configuration
import Engine
import Gateway
import OpenSSL

struct FormatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fmt",
    abstract: "Formats config files in place.",
    discussion: """
      Two blanks for each level, one blank between values, trailing comments aligned within a \
      block. Words, strings, comments and line breaks in lists stay as they are. A file with \
      syntax errors is left alone.

      Examples:
        sluice fmt                       routes.conf, or the file of -c
        sluice fmt routes.conf conf.d/*.conf
        sluice fmt --check               print what would change, change nothing
        sluice fmt - < routes.conf       standard input to standard output

      Exit codes: 0 formatted, 1 syntax errors or, with --check, differences, 64 usage, 66 a file \
      cannot be read, 71 a file cannot be written.
      """)

  /// A config of 10,000 routes has about 2 MiB.
  private static let inputBytesMax = 64 << 20

  @OptionGroup var config: ConfigurationOption

  @Flag(help: "Print the difference and exit with 1 instead of writing.")
  var check = false

  @Argument(
    help: ArgumentHelp("Files; '-' is standard input.", valueName: "file"),
    completion: .file(extensions: ["conf"]))
  var files: [String] = []

  func run() throws {
    var isWell = true
    for path in files.isEmpty ? [config.path] : files {
      let isFormatted = path == "-" ? try formatInput() : try format(path)
      isWell = isFormatted && isWell
    }
    if !isWell { throw ExitStatus.problems.ending }
  }

  /// Returns whether all is well with the file.
  private func format(_ path: String) throws(CommandFailure) -> Bool {
    let bytes: [UInt8]
    do throws(FileProblem) {
      bytes = try DiskFiles().read(path)
    } catch {
      throw CommandFailure(.noInput, "\(path) cannot be read: \(error.message)")
    }
    guard let text = formatted(bytes, path: path) else { return false }
    let old = String(decoding: bytes, as: UTF8.self)
    if old == text { return true }
    if check {
      try Console.print(Formatter.difference(from: old, to: text, path: path))
      return false
    }
    do throws(FileError) {
      try AtomicFile.replaceContents(of: path, with: Array(text.utf8))
    } catch {
      throw CommandFailure(.system, "\(path) cannot be written: \(error.text)")
    }
    return true
  }

  private func formatInput() throws(CommandFailure) -> Bool {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try StandardStream.input.readAll(max: Self.inputBytesMax)
    } catch {
      throw CommandFailure(.noInput, "standard input cannot be read: \(error.message)")
    }
    guard let text = formatted(bytes, path: "<stdin>") else { return false }
    guard check else {
      try Console.print(text)
      return true
    }
    let old = String(decoding: bytes, as: UTF8.self)
    try Console.print(Formatter.difference(from: old, to: text, path: "<stdin>"))
    return old == text
  }

  /// The formatted text; nil when the file has errors, which have been said.
  private func formatted(_ bytes: [UInt8], path: String) -> String? {
    let source = SourceText(path: path, bytes: bytes)
    let (text, problems) = Formatter.format(source, schema: Language.schema)
    guard let text else {
      var sources = SourceSet()
      sources.insert(source)
      let rendering = HumanRendering(sources: sources, hasColor: Console.hasColor(.error))
      Console.complain(rendering.text(of: problems))
      return nil
    }
    return text
  }
}
