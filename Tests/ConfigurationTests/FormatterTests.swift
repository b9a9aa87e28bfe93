// `fmt`: what it changes, what it keeps, and that it does both only once.

import Testing

@testable import Configuration

@Suite struct FormatterTests {
  private static func format(_ text: String) -> String? {
    let source = SourceText(path: "c.conf", bytes: Array(text.utf8))
    return Formatter.format(source, schema: TestPolicies.schema).text
  }

  @Test(arguments: Corpus.names)
  func `formatting twice changes nothing more`(name: String) {
    let text = Corpus.text(name)
    guard let once = Self.format(text) else { return }
    #expect(Self.format(once) == once)
  }

  @Test(arguments: Corpus.names.filter { $0.hasPrefix("ok-") })
  func `a formatted config means the same`(name: String) throws {
    let formatted = try #require(Self.format(Corpus.text(name)))
    let files = OverlaidFiles(base: Corpus.files, name: name, text: formatted)
    let result = ConfigurationLoader(files: files, schema: TestPolicies.schema).load(name)
    #expect(result.configuration?.canonical == Corpus.load(name).configuration?.canonical)
  }

  @Test func `blocks are indented by two and trailing comments line up`() {
    let text = """
      sluice 1   # version


      listener   edge  {

      # alone
          bind :80     # here
        limits    head=16KiB    fields=50 #there
      tls certificates=[
      a   # one
          b
      ]

      }

      """
    let formatted = """
      sluice 1  # version

      listener edge {
        # alone
        bind :80                     # here
        limits head=16KiB fields=50  #there
        tls certificates=[
          a                          # one
          b
        ]
      }

      """
    #expect(Self.format(text) == formatted)
  }

  @Test func `a file with errors is not touched`() {
    let source = SourceText(path: "c.conf", bytes: Array("route a {\n".utf8))
    let result = Formatter.format(source, schema: TestPolicies.schema)
    #expect(result.text == nil)
    #expect(result.diagnostics.count == 1)
  }

  @Test func `the difference shows the lines that change`() {
    let text = Formatter.difference(from: "a\n b\nc\n", to: "a\nb\nc\n", path: "x.conf")
    #expect(text == "--- x.conf\n+++ x.conf (formatted)\n@@ -2 +2 @@\n- b\n+b\n")
    #expect(Formatter.difference(from: "a\n", to: "a\n", path: "x.conf").isEmpty)
  }
}

/// Files of which one has another text.
struct OverlaidFiles: FileSource {
  let base: FolderFiles
  let name: String
  let text: String

  func read(_ path: String) throws(FileProblem) -> [UInt8] {
    path == name ? Array(text.utf8) : try base.read(path)
  }

  func names(inFolder path: String) -> [String]? { base.names(inFolder: path) }
}
