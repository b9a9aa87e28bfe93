// A worker's end of the access log: lines gather in a block, which goes to the writer when it is
// full or old.

import Bytes

/// Collects one worker's lines. Not `Sendable`: it lives on its worker's loop.
package final class AccessLogSink {
  /// Bytes after which a block is handed over: one write(2) for some two hundred lines.
  package static let blockBytes = 64 * 1024
  /// Nanoseconds after which a block is handed over however little it holds: what `tail -f` calls
  /// at once.
  package static let blockAge: UInt64 = 100_000_000

  private let writer: LogWriter
  private let gathering: Lent<Gathering>

  /// What has not been handed over.
  private struct Gathering: ~Copyable {
    var encoder: AccessLogEncoder
    var block: LogBlock
    /// When the block's first line came; nil when it is empty.
    var oldest: UInt64?
  }

  package init(writer: LogWriter, format: AccessLogFormat, limits: AccessLimits) {
    self.writer = writer
    gathering = Lent(
      Gathering(
        encoder: AccessLogEncoder(format: format, limits: limits),
        block: LogBlock(capacity: Self.blockBytes + limits.lineBytesMax)))
  }

  /// When `tick` has something to do, on the loop's clock; nil when it has not.
  package var deadline: UInt64? { gathering { $0.oldest }.map { $0 + Self.blockAge } }

  /// Writes one line. `now` is the loop's monotonic time in nanoseconds.
  package func append(_ record: borrowing AccessRecord, now: UInt64) {
    let isFull = gathering { lines in
      if lines.oldest == nil { lines.oldest = now }
      lines.encoder.encode(record, into: &lines.block.text)
      lines.block.lineCount += 1
      return lines.block.text.count >= Self.blockBytes
    }
    if isFull { flush() }
  }

  /// Hands the block over when it is old enough.
  package func tick(now: UInt64) {
    if let deadline, now >= deadline { flush() }
  }

  /// Hands over what there is.
  package func flush() {
    gathering { lines in
      guard lines.block.lineCount > 0 else { return }
      lines.oldest = nil
      writer.handOver(&lines.block)
    }
  }
}
