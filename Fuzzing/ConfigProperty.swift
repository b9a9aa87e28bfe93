// Whatever stands in a config file: loading ends and every finding lies within the file; formatting
// changes no meaning and is done after one time.
import Configuration

enum ConfigProperty {
  private static let schema = Schema(directives: CoreDirectives.all)
  private static let name = "routes.conf"

  static func check(_ bytes: [UInt8]) {
    let result = load(bytes)
    precondition(
      result.configuration != nil || !result.diagnostics.isEmpty, "A refusal has its reason.")
    for diagnostic in result.diagnostics {
      let location = diagnostic.location
      precondition(
        location.file == name && location.line >= 1 && location.column >= 1,
        "A finding has its place.")
    }
    // The excerpt with its caret takes the same places apart.
    _ = HumanRendering(sources: result.sources, hasColor: false).text(of: result.diagnostics)
    checkFormatting(bytes, result)
  }

  private static func checkFormatting(_ bytes: [UInt8], _ result: LoadResult) {
    guard let text = format(bytes) else { return }
    let formatted = Array(text.utf8)
    precondition(format(formatted) == text, "Formatting a second time changes nothing.")
    let again = load(formatted)
    precondition(
      again.diagnostics.map(\.message) == result.diagnostics.map(\.message),
      "Formatting changes no finding.")
    precondition(
      again.configuration?.canonical.pretty == result.configuration?.canonical.pretty,
      "Formatting changes no meaning.")
  }

  private static func load(_ bytes: [UInt8]) -> LoadResult {
    let files = MemoryFiles(bytes: [name: bytes])
    return ConfigurationLoader(files: files, schema: schema).load(name)
  }

  private static func format(_ bytes: [UInt8]) -> String? {
    Formatter.format(SourceText(path: name, bytes: bytes), schema: schema).text
  }
}
