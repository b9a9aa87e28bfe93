// Buffers that are lent and given back, so that a busy worker allocates none and an idle connection
// owns none.

/// A stack of equal buffers: last given back, first lent, so that the memory in use stays in the
/// cache.
public final class BufferPool {
  /// The buffer that was given back last stands at the end.
  private let idle = Lent<[Buffer]>([])
  private let capacity: Int
  private let idleMax: Int
  /// The fewest buffers that lay idle since the last `trim`: so many did nobody need.
  private var spareCount = 0
  private var idleCount: Int { idle { $0.count } }
  /// Bytes of all buffers of this pool, lent or idle.
  public var heldBytes: Int { (lent + idleCount) * capacity }
  /// Buffers that are lent at this moment.
  public var lentCount: Int { lent }
  private var lent = 0

  /// - Parameters:
  ///   - capacity: bytes of each buffer.
  ///   - idleMax: buffers kept when given back; more are freed.
  public init(capacity: Int, idleMax: Int) {
    self.capacity = capacity
    self.idleMax = idleMax
  }

  /// An empty buffer, to be given back once.
  public func borrow() -> Buffer {
    lent += 1
    guard let buffer = idle({ $0.popLast() }) else { return Buffer(capacity: capacity) }
    buffer.isIdle = false
    if idleCount < spareCount { spareCount = idleCount }
    return buffer
  }

  /// Takes a buffer back. Its bytes are forgotten, not wiped.
  public func giveBack(_ buffer: Buffer) {
    precondition(buffer.capacity == capacity, "A buffer goes back to the pool it came from.")
    precondition(!buffer.isIdle, "A buffer is given back once.")
    lent -= 1
    buffer.clear()
    idle { idle in
      guard idle.count < idleMax else { return }
      buffer.isIdle = true
      idle.append(buffer)
    }
  }

  /// Frees what nobody needed since the last call, but for `kept` buffers: called now and then, so
  /// that a burst's memory does not stay.
  public func trim(keeping kept: Int) {
    let spare = max(0, spareCount - kept)
    idle { $0.removeFirst(spare) }
    spareCount = idleCount
  }
}
