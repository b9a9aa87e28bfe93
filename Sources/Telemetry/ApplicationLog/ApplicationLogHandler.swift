// The application log: what Sluice says about itself, to standard error, one line per message. Text
// where a person looks at a terminal, JSON where a collector reads. Requests do not come here: they
// have the access log.

import Bytes
import Glibc
import Logging

/// A swift-log backend that writes each message with one call, so that lines of several threads do
/// not mix.
package struct ApplicationLogHandler: LogHandler {
  package enum Form: Sendable {
    case text, json
  }

  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  package var logLevel: Logger.Level
  private let label: String
  private let form: Form
  private let descriptor: Int32

  /// - Parameter descriptor: an open descriptor that outlives the handler; standard error, but for
  ///   tests.
  package init(label: String, level: Logger.Level, form: Form, descriptor: Int32) {
    self.label = label
    logLevel = level
    self.form = form
    self.descriptor = descriptor
  }

  /// Text when the descriptor is a terminal, else JSON.
  package static func form(for descriptor: Int32) -> Form {
    isatty(descriptor) == 1 ? .text : .json
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let line = ApplicationLogLine(
      unixMilliseconds: Self.unixMilliseconds(), level: event.level, label: label,
      message: event.message.description, metadata: merged(with: event))
    let output = line.render(form)
    // Nothing can be done about an error here: this log is where errors are told.
    unsafe output.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = unsafe write(
          descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        done += count
      }
    }
  }

  /// The nearest wins: the message's own values over the logger's over the provider's. An error
  /// joins as `error`.
  private func merged(with event: LogEvent) -> Logger.Metadata {
    var all = metadataProvider?.get() ?? [:]
    all.merge(metadata) { $1 }
    all.merge(event.metadata ?? [:]) { $1 }
    if let error = event.error { all["error"] = "\(error)" }
    return all
  }

  private static func unixMilliseconds() -> UInt64 {
    var time = timespec()
    // The clock always exists, and the call fills our own variable.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
  }
}
