// The corpus: small configs beside what must come of them. A valid one has its canonical JSON in
// NAME.json, a wrong or doubtful one its diagnostics in NAME.txt. SLUICE_REGENERATE=1 writes them.

import FoundationEssentials
import Testing

@testable import Configuration

#if canImport(Glibc)
  import Glibc
#endif

enum Corpus {
  static let folder = String(#filePath.prefix { _ in true }).withoutLastComponent + "/Corpus"
  static let regenerates = ProcessInfo.processInfo.environment["SLUICE_REGENERATE"] == "1"

  /// The root files: those of the folder itself; what they include stands in folders below.
  static let names: [String] = (DiskFiles().names(inFolder: folder) ?? [])
    .filter { $0.hasSuffix(".conf") }.sorted()

  static let files = FolderFiles(folder: folder)

  static func text(_ name: String) -> String {
    guard let bytes = try? files.read(name) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func load(_ name: String) -> LoadResult {
    ConfigurationLoader(files: files, schema: TestPolicies.schema).load(name)
  }

  /// What the golden files of a config must hold: nil where there must be none.
  static func actual(_ result: LoadResult) -> [String: String?] {
    let rendering = HumanRendering(sources: result.sources, hasColor: false)
    let text = rendering.text(of: result.diagnostics)
    return ["json": result.configuration?.canonical.pretty, "txt": text.isEmpty ? nil : text]
  }
}

extension String {
  var withoutLastComponent: String {
    guard let slash = lastIndex(of: "/") else { return self }
    return String(self[..<slash])
  }
}

/// Files of a folder under the names that the config uses.
struct FolderFiles: FileSource {
  let folder: String

  func read(_ path: String) throws(FileProblem) -> [UInt8] {
    try DiskFiles().read(folder + "/" + path)
  }

  func names(inFolder path: String) -> [String]? {
    DiskFiles().names(inFolder: path.isEmpty ? folder : folder + "/" + path)
  }
}

@Suite struct CorpusTests {
  @Test func `the corpus has at least sixty configs`() { #expect(Corpus.names.count >= 60) }

  @Test(arguments: Corpus.names)
  func `a config gives its golden output`(name: String) throws {
    let base = String(name.dropLast(5))
    for (kind, actual) in Corpus.actual(Corpus.load(name)) {
      let path = "\(Corpus.folder)/\(base).\(kind)"
      if Corpus.regenerates {
        if let actual {
          try actual.write(toFile: path, atomically: true, encoding: .utf8)
        } else if FileManager.default.fileExists(atPath: path) {
          try FileManager.default.removeItem(atPath: path)
        }
      }
      let golden = try? String(decoding: DiskFiles().read(path), as: UTF8.self)
      #expect(actual == golden, "\(base).\(kind)")
    }
  }

  @Test(arguments: Corpus.names.filter { $0.hasPrefix("ok-") })
  func `a config named ok has no errors`(name: String) {
    #expect(Corpus.load(name).configuration != nil)
  }

  @Test(arguments: Corpus.names.filter { !$0.hasPrefix("ok-") && !$0.hasPrefix("warn-") })
  func `any other config is refused`(name: String) {
    #expect(Corpus.load(name).configuration == nil)
  }
}
