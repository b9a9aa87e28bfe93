// How a command ends that could not do what it was asked for: one sentence and an exit code.

import ArgumentParser
import Engine

/// The exit codes, after sysexits.h. Scripts rely on them.
enum ExitStatus: Int32 {
  case problems = 1
  case usage = 64
  case noInput = 66
  case unavailable = 69
  case internalError = 70
  case system = 71
  case badConfiguration = 78

  /// Ends a command that has said all there is to say.
  var ending: ExitCode { ExitCode(rawValue) }
}

/// Why a command stops.
struct CommandFailure: Error {
  let status: ExitStatus
  /// A sentence without its name in front.
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  func exit() -> Never {
    Console.complain("sluice: \(message)\n")
    Sluice.exit(withError: status.ending)
  }
}
