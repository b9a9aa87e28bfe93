// What `env()`, `file()` and `secret()` mean for the running process. `check` without `--resolve`
// never makes one.

import FoundationEssentials

/// The environment and files of this process.
package struct ProcessResolution: ResolutionSource {
  private let folder: String

  /// - Parameter root: the path of the root config, whose folder relative paths start from.
  package init(root: String) { folder = FilePath.folder(of: root) }

  package func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

  package func contents(ofFile path: String) -> [UInt8]? {
    do throws(FileProblem) {
      return try DiskFiles().read(FilePath.join(folder, path))
    } catch {
      // Whoever asked reports the value as unresolved, at the place where it is named.
      return nil
    }
  }
}
