// Reads a config for `run` and reload: everything that is wrong with it comes back as text for the
// operator.

import Bytes
import Configuration
import Glibc
import OpenSSL
import Routing

/// A config that can be run, or why not.
struct ConfigurationReader {
  struct Reading {
    let configuration: EffectiveConfiguration
    /// SHA-256 of the canonical form: equal configs have equal hashes, however they are written.
    let hash: String
    /// Warnings, as text; empty when there are none.
    let warnings: String
  }

  enum Refusal: Error {
    /// The root file cannot be read.
    case unreadable(String)
    case invalid(String)
  }

  let path: String
  private let library: LibraryContext

  init(path: String, library: LibraryContext) {
    self.path = path
    self.library = library
  }

  /// The folder of a path with its slash; empty for the working folder.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return String(path[...slash])
  }

  func read() throws(Refusal) -> Reading {
    do throws(FileProblem) {
      _ = try DiskFiles().read(path)
    } catch { throw .unreadable("\(path) cannot be read: \(error.message)") }
    let loader = ConfigurationLoader(files: DiskFiles(), schema: Language.schema)
    let result = loader.load(path, resolving: ProcessResolution(root: path))
    let rendering = HumanRendering(sources: result.sources, hasColor: false)
    guard let configuration = result.configuration else {
      throw .invalid(rendering.text(of: result.diagnostics))
    }
    let warnings = result.diagnostics.isEmpty ? "" : rendering.text(of: result.diagnostics)
    return Reading(
      configuration: configuration, hash: hash(of: configuration), warnings: warnings)
  }

  private func hash(of configuration: EffectiveConfiguration) -> String {
    let text = Array(configuration.canonical.compact.utf8)
    do throws(CryptoError) {
      return String(try SHA256(library: library).digest(of: text.span).hex.prefix(32))
    } catch {
      // A name for metrics only: a config is not refused for want of it.
      return "unknown"
    }
  }
}
