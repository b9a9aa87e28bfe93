// What waits for the log writer's thread: full blocks in order, empty ones to be filled again, and
// orders. Pure state, without threads or files; LogWriter keeps it behind a lock.

/// What the writer's thread is to do next.
enum LogWork: ~Copyable {
  case write(LogBlock)
  case reopen
  case wait
  case stop
}

/// A bounded ring of full blocks and a stack of empty ones.
struct LogQueue: ~Copyable {
  /// Blocks in the ring at most, whatever is asked for: with blocks of 64 KiB that is 4 MiB of
  /// unwritten lines.
  static let blocksMax = 64

  private let limit: Int
  private var full: InlineArray<64, LogBlock?>
  private var empty: InlineArray<64, LogBlock?>
  private var head = 0
  private var fullCount = 0
  private var emptyCount = 0
  private var isReopenAsked = false
  private var isStopAsked = false
  /// Whether the thread holds a block that it has not given back.
  private(set) var isWriting = false
  /// Lines that were given up: the queue was full, or their output failed.
  private(set) var droppedLines: UInt64 = 0

  init(blocksMax: Int) {
    precondition(
      blocksMax > 0 && blocksMax <= Self.blocksMax, "The queue holds between 1 and 64 blocks.")
    limit = blocksMax
    full = InlineArray { _ in nil }
    empty = InlineArray { _ in nil }
  }

  /// Whether nothing is queued or being written.
  var isIdle: Bool { fullCount == 0 && !isWriting }

  /// Takes the full block and leaves an empty one in its place. When the ring is full the block is
  /// emptied where it is: its lines are counted as dropped. New blocks are made until as many exist
  /// as may wait, then never again.
  mutating func exchange(_ block: inout LogBlock) {
    guard fullCount < limit, !isStopAsked else {
      droppedLines += UInt64(block.lineCount)
      block.clear()
      return
    }
    var other = takeEmpty() ?? LogBlock(capacity: block.text.capacity)
    swap(&block, &other)
    full[(head + fullCount) % limit] = consume other
    fullCount += 1
  }

  private mutating func takeEmpty() -> LogBlock? {
    guard emptyCount > 0 else { return nil }
    emptyCount -= 1
    return empty[emptyCount].take()
  }

  /// What the thread does next: it writes all that is queued before it stops.
  mutating func next() -> LogWork {
    if isReopenAsked {
      isReopenAsked = false
      return .reopen
    }
    if fullCount > 0, let block = full[head].take() {
      head = (head + 1) % limit
      fullCount -= 1
      isWriting = true
      return .write(block)
    }
    return isStopAsked ? .stop : .wait
  }

  /// Takes a written block back to be filled again, with the count of its lines that did not get
  /// out.
  mutating func written(_ block: consuming LogBlock, linesLost: Int) {
    droppedLines += UInt64(linesLost)
    isWriting = false
    guard emptyCount < limit else { return }
    block.clear()
    empty[emptyCount] = consume block
    emptyCount += 1
  }

  mutating func askReopen() { isReopenAsked = true }

  mutating func askStop() { isStopAsked = true }

  /// Whether the thread was asked to end: then it no longer waits for an output that takes nothing.
  var isStopping: Bool { isStopAsked }
}
