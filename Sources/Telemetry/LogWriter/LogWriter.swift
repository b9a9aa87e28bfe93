// The one thread that writes the access log. Workers hand over full blocks and never wait: what
// does not fit into the queue is dropped and counted. A slow disk or a blocked pipe therefore costs
// log lines, never requests.

import Bytes
import CLinux
import Glibc

/// Writes blocks of lines in the order in which they are handed over.
///
/// The state that threads share is the queue, behind a lock that is held for the move of one block.
package final class LogWriter: Sendable {
  private let queue: Locked<LogQueue>
  private let wakeThread: WakeUp
  private let wakeFlusher: WakeUp
  private let onError: @Sendable (LogFailure) -> Void

  /// Starts the thread.
  /// - Parameters:
  ///   - queueBlocksMax: blocks that wait at most, up to 64; more are dropped.
  ///   - onError: called on the writer's thread when the output fails, once until it works again.
  package init(
    destination: consuming LogDestination, queueBlocksMax: Int,
    onError: @escaping @Sendable (LogFailure) -> Void
  ) throws(LogFailure) {
    queue = Locked(LogQueue(blocksMax: queueBlocksMax))
    wakeThread = try WakeUp()
    wakeFlusher = try WakeUp()
    self.onError = onError
    try LogThread.start(LogThread(writer: self, destination: destination))
  }

  /// Lines given up so far: `sluice_access_log_dropped_total`.
  package var droppedLines: UInt64 { queue.withLock { $0.droppedLines } }

  /// Takes a full block and leaves an empty one to go on with. Called by workers; never waits for
  /// the output.
  package func handOver(_ block: inout LogBlock) {
    queue.withLock { $0.exchange(&block) }
    wakeThread.call()
  }

  /// Opens the file again before the next block: after a log rotation.
  package func reopen() {
    queue.withLock { $0.askReopen() }
    wakeThread.call()
  }

  /// Waits until all that was handed over is written. Returns false when the deadline passed first.
  /// It blocks the calling thread: for the end of the process, not for a loop that serves.
  package func flush(milliseconds: Int) -> Bool {
    let end = Self.now() + UInt64(max(milliseconds, 0)) * 1_000_000
    while !queue.withLock({ $0.isIdle }) {
      let now = Self.now()
      guard now < end else { return false }
      wakeFlusher.wait(milliseconds: Int32(clamping: (end - now) / 1_000_000 + 1))
    }
    return true
  }

  /// Ends the thread after what is queued; blocks that come later are dropped and counted.
  package func stop(milliseconds: Int) -> Bool {
    queue.withLock { $0.askStop() }
    wakeThread.call()
    return flush(milliseconds: milliseconds)
  }

  /// The thread's life.
  func run(_ destination: consuming LogDestination) {
    var output = LogOutput(destination: destination, onError: onError)
    while true {
      switch queue.withLock({ $0.next() }) {
      case .write(let block): write(block, to: &output)
      case .reopen: output.reopen()
      case .wait: wakeThread.wait(milliseconds: -1)
      case .stop: return
      }
    }
  }

  private func write(_ block: consuming LogBlock, to output: inout LogOutput) {
    let linesLost = output.write(block) { !queue.withLock { $0.isStopping } }
    // A closure cannot consume what it captured, so the block moves through an optional.
    var moving: LogBlock? = consume block
    queue.withLock { queue in
      if let block = moving.take() { queue.written(block, linesLost: linesLost) }
    }
    wakeFlusher.call()
  }

  private static func now() -> UInt64 {
    var time = timespec()
    // The clock always exists, and the call fills our own variable.
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
