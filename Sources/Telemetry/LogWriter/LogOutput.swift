// Blocks into a destination, and what was lost on the way, counted in lines.

import Bytes

/// The writer thread's view of its destination.
struct LogOutput: ~Copyable {
  private var destination: LogDestination
  private let onError: @Sendable (LogFailure) -> Void
  /// Whether the last write stopped inside a line: then the next block begins on a new one.
  private var isInsideLine = false
  private var isFailing = false

  init(destination: consuming LogDestination, onError: @escaping @Sendable (LogFailure) -> Void) {
    self.destination = destination
    self.onError = onError
  }

  /// Writes the block, and returns how many of its lines did not get out whole.
  mutating func write(_ block: borrowing LogBlock, mayWait: () -> Bool) -> Int {
    let lineFeed: StaticString = "\n"
    if isInsideLine, destination.write(lineFeed.bytes, mayWait: mayWait).count == 1 {
      isInsideLine = false
    }
    let bytes = block.text.bytes
    let (count, error) = destination.write(bytes, mayWait: mayWait)
    note(error)
    guard count < bytes.count else { return 0 }
    if count > 0 { isInsideLine = bytes[count - 1] != ASCII.lineFeed }
    return Self.lineCount(bytes.extracting(count...))
  }

  mutating func reopen() {
    do throws(LogFailure) {
      try destination.reopen()
      isInsideLine = false
    } catch { onError(error) }
  }

  /// Reports the first error of a row, so that a full disk is one message and not one per block.
  private mutating func note(_ error: LogFailure?) {
    if let error, !isFailing { onError(error) }
    isFailing = error != nil
  }

  private static func lineCount(_ bytes: Span<UInt8>) -> Int {
    var count = 0
    for index in 0..<bytes.count where bytes[index] == ASCII.lineFeed { count += 1 }
    return count
  }
}
