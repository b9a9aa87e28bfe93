// What `env`, `file` and `secret` stand for in this process, for `check --resolve`.

import Configuration
import FoundationEssentials

struct ProcessResolution: ResolutionSource {
  private let files = DiskFiles()
  private let environment = ProcessInfo.processInfo.environment
  /// The folder of the root file with its slash; empty for the working folder.
  private let folder: String

  init(root path: String) {
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  func variable(_ name: String) -> String? { environment[name] }

  func contents(ofFile path: String) -> [UInt8]? {
    do throws(FileProblem) {
      return try files.read(path.hasPrefix("/") ? path : folder + path)
    } catch {
      // Whoever asked reports it at the line that names the file.
      return nil
    }
  }
}
