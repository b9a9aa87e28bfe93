// Gives back what a burst has needed and nobody needs now: pooled objects to the heap, and the
// heap's free pages to the system. The C library alone would keep both for ever.

import Engine
import HTTP2

/// Looks after the memory of one worker, once in a while and never per request.
final class MemoryKeeper {
  /// Exchanges, and tasks for streams, kept when nobody needs one: what the first requests after a
  /// pause meet.
  private static let exchangesKept = 8
  /// Giving pages back takes about 0.15 ms for each MiB that is free: for less it is not done.
  private static let trimFrom = 1 << 20

  /// What was held at the most since pages were last given back, in bytes.
  private var peak = 0

  /// Frees what the time since the last call did not need.
  func tidy(_ context: WorkerContext) {
    peak = max(peak, Self.heldBytes(context))
    context.exchanges.trim(keeping: Self.exchangesKept)
    context.streamTasks.trim(keeping: Self.exchangesKept)
    context.resources.trim()
    HTTP2Session.freeKeptMemory()
    let held = Self.heldBytes(context)
    guard peak - held >= Self.trimFrom else { return }
    Heap.returnFreePages()
    peak = held
  }

  /// About how much the worker's connections and pools hold: it follows the heap's size closely
  /// enough to see that much of it was freed, and costs nothing to keep.
  private static func heldBytes(_ context: WorkerContext) -> Int {
    let plain = context.connectionCount - context.secureCount
    return plain * 1024 + context.secureCount * 14 * 1024
      // With the task that works on it.
      + context.exchanges.count * 16 * 1024
      + context.streamTasks.idleCount * 7 * 1024
      + context.resources.heldBytes
  }
}
