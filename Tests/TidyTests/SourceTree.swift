// The files that git tracks or would track, read once for all tidy tests. It asks git, because only
// git knows which files of the folder belong to the project.
import Foundation

/// The tree that holds this file, and its files.
enum SourceTree {
  /// Folder that holds Package.swift.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Paths below `root`, tracked or new, without what .gitignore names.
  static let paths: [String] = listed()

  /// Every file whose text we write ourselves, by the endings that we use.
  static let written: [SourceFile] = paths.filter(isWritten).compactMap(read)

  static let swift: [SourceFile] = written.filter { $0.path.hasSuffix(".swift") }

  static func read(_ path: String) -> SourceFile? {
    let file = root.appendingPathComponent(path)
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
    return SourceFile(path: path, text: text)
  }

  private static func isWritten(_ path: String) -> Bool {
    let endings = [".swift", ".py", ".c", ".h", ".sh"]
    return endings.contains { path.hasSuffix($0) } || path.hasPrefix("Tools/")
      || path == "Makefile" || path == ".ci/run"
  }

  private static func listed() -> [String] {
    let git = Process()
    git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    git.arguments = [
      "git", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard",
    ]
    let output = Pipe()
    git.standardOutput = output
    guard (try? git.run()) != nil else { return [] }
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    git.waitUntilExit()
    let exists = { FileManager.default.fileExists(atPath: root.appendingPathComponent($0).path) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\0").map(String.init)
      .filter(exists).sorted()
  }
}
