// The access log's one writer: opened at the start, and exchanged when a reload names another
// target. Every line that was handed over is written by the writer that it was handed to.

import Configuration
import Telemetry

extension Control {
  /// Blocks of lines that wait for a slow output; more are dropped and counted.
  private static let logBlocksMax = 64
  /// How long the old output may take for its last lines, in milliseconds.
  private static let lastLines = 1_000

  /// Opens the access log; nil when the config has none.
  func openLog(
    _ configuration: EffectiveConfiguration
  ) throws(StartFailure) -> LogWriter? {
    guard let settings = configuration.accessLog else { return nil }
    let log = log
    do throws(LogFailure) {
      let destination: LogDestination =
        switch settings.target {
        case .standardOutput: LogDestination(descriptor: 1)
        case .standardError: LogDestination(descriptor: 2)
        case .file(let path): try LogDestination(path: path)
        }
      return try LogWriter(destination: destination, queueBlocksMax: Self.logBlocksMax) {
        failure in
        log.error("the access log cannot be written: \(failure)")
      }
    } catch {
      throw StartFailure(.system, "the access log \(settings.target) cannot be opened: \(error)")
    }
  }

  /// Whether `next` logs to another place than the config that is served.
  func movesLog(_ next: EffectiveConfiguration) -> Bool {
    configuration?.accessLog?.target != next.accessLog?.target
  }

  /// Lets all workers log to `writer`, then ends the old one.
  func exchangeLog(with writer: LogWriter?) async {
    let old = logWriter
    logWriter = writer
    for thread in workers { await thread.worker.log(to: writer) }
    guard let old else { return }
    if !old.stop(milliseconds: Self.lastLines) {
      log.error("access log lines were lost: the old output is blocked")
    }
    droppedLines += old.droppedLines
  }
}
