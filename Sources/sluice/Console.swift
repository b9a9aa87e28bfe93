// What commands print: results to standard output, everything else to standard error.

import ArgumentParser
import Engine
import FoundationEssentials

enum Console {
  /// Prints a result. Throws when nobody can take it, since a result that is lost is a failure.
  static func print(_ text: String) throws(CommandFailure) {
    do throws(SystemError) {
      try StandardStream.output.write(text)
    } catch {
      throw CommandFailure(.system, "standard output: \(error.message)")
    }
  }

  /// Says something beside the result.
  static func complain(_ text: String) {
    do throws(SystemError) {
      try StandardStream.error.write(text)
    } catch {
      // There is no place left to say it; the exit code still tells.
      return
    }
  }

  /// Whether `stream` shows colour. NO_COLOR of any length but zero says no (no-color.org).
  static func hasColor(_ stream: StandardStream) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    let isRefused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    return stream.isTerminal && !isRefused && environment["TERM"] != "dumb"
  }

  /// `1 route`, `2 routes`.
  static func count(_ number: Int, _ word: String) -> String {
    "\(number) \(word)\(number == 1 ? "" : "s")"
  }
}
