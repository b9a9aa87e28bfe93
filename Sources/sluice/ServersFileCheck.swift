// What `check --resolve` finds of the files that `servers file(...)` names: whether they could be
// served now.

import Configuration
import OpenSSL

/// Reads the files of servers that a config names.
struct ServersFileCheck {
  /// Paths of the config are relative to its folder.
  let folder: String

  func findings(in configuration: EffectiveConfiguration) -> [Diagnostic] {
    configuration.upstreams.compactMap { upstream in
      guard case .file(let path)? = upstream.discovery else { return nil }
      let whole = FilePath.join(folder, path)
      return problem(of: whole, hasOthers: !upstream.servers.isEmpty).map {
        Diagnostic(.unresolved, "\(whole) \($0)", at: upstream.location)
      }
    }
  }

  private func problem(of path: String, hasOthers: Bool) -> String? {
    let file: ServersFile
    do throws(FileError) {
      file = ServersFile(try FileBytes.read(path, max: ServersFile.bytesMax), path: path)
    } catch { return "cannot be read: \(error.text)" }
    if file.hasErrors { return "cannot be served:\n\(file.problemText)" }
    return file.servers.isEmpty && !hasOthers ? "holds no server" : nil
  }
}
