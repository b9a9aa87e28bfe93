// Where `env()`, `file()` and `secret()` are read from, in the step after the pure check.

/// The environment of a process, as the language sees it. Tests give a dictionary; `run` gives the
/// real one.
package protocol ResolutionSource: Sendable {
  func variable(_ name: String) -> String?
  /// The bytes of a file; relative paths are relative to the root config's folder.
  func contents(ofFile path: String) -> [UInt8]?
}

extension ResolutionSource {
  /// The text that an `env()` or `file()` stands for; nil when it is missing or not UTF-8.
  func text(of call: CallSyntax) -> String? {
    guard let name = call.arguments.first else { return nil }
    switch call.function {
    case .env: return variable(name)
    case .file: return contents(ofFile: name).flatMap { String(validating: $0, as: UTF8.self) }
    case .secret: return nil
    }
  }

  /// The bytes of a secret, without the line end that editors leave at the end of a file.
  func bytes(of source: Secret.Source) -> [UInt8]? {
    switch source {
    case .environment(let name): return variable(name).map { Array($0.utf8) }
    case .file(let path): return contents(ofFile: path).map(withoutFinalLineEnd)
    case .credential(let name):
      guard let folder = variable("CREDENTIALS_DIRECTORY") else { return nil }
      return contents(ofFile: folder + "/" + name).map(withoutFinalLineEnd)
    }
  }

  private func withoutFinalLineEnd(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    if bytes.last == 10 { bytes.removeLast() }
    if bytes.last == 13 { bytes.removeLast() }
    return bytes
  }
}
