// The process of `sluice run`: from the first signal mask to the exit code.

import Engine
import Glibc
import Logging
import Synchronization
import Telemetry

/// This version's name.
package enum GatewayVersion {
  package static let text = "0.1.0"
}

/// The exit code, from Control's thread to the main one.
package final class ProcessEnding: Sendable {
  private let code = Atomic<Int32>(0)

  package init() {}

  package func end(with code: Int32) { self.code.store(code, ordering: .releasing) }
  package var exitCode: Int32 { code.load(ordering: .acquiring) }
}

package enum GatewayProcess {
  /// Runs the gateway in the foreground until it is told to end. Returns the exit code.
  package static func run(configuration path: String) -> Int32 {
    // Before any thread: all of them inherit the mask.
    Signal.prepareProcess()
    _ = ProcessLimits.raiseDescriptors()
    let form = ApplicationLogHandler.form(for: 2)
    LoggingSystem.bootstrap { label in
      ApplicationLogHandler(label: label, level: .info, form: form, descriptor: 2)
    }
    let ending = ProcessEnding()
    do {
      let loop = try EventLoop()
      let control = try Control(
        on: loop, configuration: path, log: Logger(label: "sluice"), ending: ending)
      // The one task that is started from outside a loop: it leads onto Control's.
      Task.detached(executorPreference: loop) { await boot(control, ending) }
      loop.run()
    } catch {
      report("the gateway cannot start: \(error)")
      return StartFailure.Kind.system.rawValue
    }
    return ending.exitCode
  }

  private static func boot(_ control: Control, _ ending: ProcessEnding) async {
    do throws(StartFailure) {
      try await control.boot()
    } catch {
      report(error.text)
      ending.end(with: error.kind.rawValue)
      control.loop.stop()
    }
  }

  private static func report(_ text: String) {
    do throws(SystemError) {
      try StandardStream.error.write(text.hasSuffix("\n") ? text : "sluice: \(text)\n")
    } catch {
      // Standard error is closed: the exit code has to tell.
      return
    }
  }
}
