// Where config files are read from. `check` is pure: it reads through this and nothing else.

/// Why a file could not be read.
package enum FileProblem: Error, Sendable, Hashable {
  case missing
  case denied
  case other(String)

  /// Completes "cannot be read: ...".
  package var message: String {
    switch self {
    case .missing: "there is no such file"
    case .denied: "permission denied"
    case .other(let text): text
    }
  }
}

/// Files by path. Tests give a dictionary.
package protocol FileSource: Sendable {
  func read(_ path: String) throws(FileProblem) -> [UInt8]
  /// Names of the files and folders in a folder, in any order; nil when there is no such folder.
  func names(inFolder path: String) -> [String]?
}

/// Files held in memory: for tests, examples, and `-`, which is standard input.
package struct MemoryFiles: FileSource {
  private let files: [String: [UInt8]]

  package init(_ texts: [String: String]) { files = texts.mapValues { Array($0.utf8) } }

  package init(bytes: [String: [UInt8]]) { files = bytes }

  package func read(_ path: String) throws(FileProblem) -> [UInt8] {
    guard let bytes = files[path] else { throw .missing }
    return bytes
  }

  package func names(inFolder path: String) -> [String]? {
    let prefix = path.isEmpty || path == "." ? "" : path + "/"
    let inner = files.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
    let names = Set(inner.compactMap { $0.split(separator: "/").first.map(String.init) })
    return names.isEmpty ? nil : Array(names)
  }
}
