// One message of the application log as bytes. Pure, so that its two forms are golden tests.

import Bytes
import Logging

struct ApplicationLogLine {
  /// Bytes of one text in a line; what is longer is cut and marked.
  static let textBytesMax = 8 * 1024
  /// Metadata inside metadata that is written; deeper values are left out.
  static let depthMax = 4

  let unixMilliseconds: UInt64
  let level: Logger.Level
  let label: String
  let message: String
  let metadata: Logger.Metadata

  func render(_ form: ApplicationLogHandler.Form) -> Output {
    var line = Output(capacity: 512)
    switch form {
    case .text: appendText(to: &line)
    case .json: appendJSON(to: &line)
    }
    line.append("\n")
    return line
  }

  /// `2026-11-23T17:02:58.123Z error reload refused file=routes.conf line=12`
  private func appendText(to line: inout Output) {
    appendTime(to: &line)
    line.append(" ")
    line.append(level.rawValue)
    line.append(" ")
    append(message, to: &line)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      line.append(" ")
      append(key, to: &line)
      line.append("=")
      append(value.description, to: &line)
    }
  }

  private func appendJSON(to line: inout Output) {
    line.append("{\"ts\":\"")
    appendTime(to: &line)
    line.append("\",\"level\":\"")
    line.append(level.rawValue)
    line.append("\",\"logger\":\"")
    append(label, to: &line)
    line.append("\",\"message\":\"")
    append(message, to: &line)
    line.append("\"")
    if !metadata.isEmpty {
      line.append(",\"context\":")
      append(.dictionary(metadata), depth: 0, to: &line)
    }
    line.append("}")
  }

  private func append(_ value: Logger.MetadataValue, depth: Int, to line: inout Output) {
    guard depth <= Self.depthMax else { return line.append("null") }
    switch value {
    case .string(let text): appendQuoted(text, to: &line)
    case .stringConvertible(let text): appendQuoted(text.description, to: &line)
    case .array(let values):
      line.append("[")
      for (index, value) in values.enumerated() {
        if index > 0 { line.append(",") }
        append(value, depth: depth + 1, to: &line)
      }
      line.append("]")
    case .dictionary(let members):
      line.append("{")
      for (index, (key, value)) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { line.append(",") }
        appendQuoted(key, to: &line)
        line.append(":")
        append(value, depth: depth + 1, to: &line)
      }
      line.append("}")
    }
  }

  private func appendTime(to line: inout Output) {
    var stamp = SecondStamp()
    stamp.appendRFC3339(unixMilliseconds / 1000, to: &line)
    line.append(".")
    line.append(decimal: unixMilliseconds % 1000, width: 3)
    line.append("Z")
  }

  private func appendQuoted(_ text: String, to line: inout Output) {
    line.append("\"")
    append(text, to: &line)
    line.append("\"")
  }

  /// Control characters are escaped in both forms, so that a message is one line whatever it
  /// quotes.
  private func append(_ text: String, to line: inout Output) {
    line.append(json: Array(text.utf8).span, max: Self.textBytesMax)
  }
}
