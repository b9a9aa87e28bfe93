// A block of whole log lines on its way from a worker to the log writer.

import Bytes

/// Bytes that end with a line feed, and how many lines they are. It has one owner at a time; moving
/// it is free.
package struct LogBlock: ~Copyable, Sendable {
  package var text: Output
  package var lineCount = 0

  package init(capacity: Int) { text = Output(capacity: capacity) }

  package mutating func clear() {
    text.clear()
    lineCount = 0
  }
}
