// Runs the built binary as a child process, with files for its output: a pipe that nobody reads
// would stop a command that prints much.

import Foundation

enum Command {
  struct Ending: Equatable {
    let status: Int32
    let output: String
    let errors: String
  }

  struct Missing: Error {}

  /// The binary beside the bundle of the tests.
  static var binary: URL {
    get throws {
      let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
      let path = bundle ?? CommandLine.arguments.first ?? ""
      let found = URL(filePath: path).deletingLastPathComponent().appending(path: "sluice")
      guard FileManager.default.isExecutableFile(atPath: found.path) else { throw Missing() }
      return found
    }
  }

  /// One command to its end.
  static func run(
    _ arguments: [String], in folder: Folder, input: String = "",
    environment: [String: String] = [:]
  ) throws -> Ending {
    let names = (input: ".in", output: ".out", errors: ".err")
    try folder.write(input, to: names.input)
    for name in [names.output, names.errors] { try folder.write("", to: name) }
    let process = try child(arguments, in: folder, environment)
    process.standardInput = try FileHandle(forReadingFrom: folder.url(names.input))
    process.standardOutput = try FileHandle(forWritingTo: folder.url(names.output))
    process.standardError = try FileHandle(forWritingTo: folder.url(names.errors))
    try process.run()
    process.waitUntilExit()
    return Ending(
      status: process.terminationStatus, output: try folder.read(names.output),
      errors: try folder.read(names.errors))
  }

  static func child(
    _ arguments: [String], in folder: Folder, _ environment: [String: String] = [:]
  ) throws -> Process {
    let process = Process()
    process.executableURL = try binary
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    return process
  }
}

/// A folder of one test, removed with it.
final class Folder {
  let url: URL

  init(_ files: [String: String] = [:]) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (name, text) in files { try write(text, to: name) }
  }

  deinit {
    // What cannot be removed is the system's to clear away.
    try? FileManager.default.removeItem(at: url)
  }

  func url(_ name: String) -> URL { url.appending(path: name) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: url(name))
  }

  func read(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: url(name)), as: UTF8.self)
  }

  func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: url(name).path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
  }
}
