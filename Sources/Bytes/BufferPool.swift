// Buffers that are lent and given back, so that a busy worker allocates none and an idle connection
// owns none.

/// A stack of equal buffers: last given back, first lent, so that the memory in use stays in the
/// cache.
public final class BufferPool {
  private var idle: [Buffer] = []
  private let capacity: Int
  private let idleMax: Int
  /// Buffers that are lent at this moment.
  public private(set) var lentCount = 0

  /// - Parameters:
  ///   - capacity: bytes of each buffer.
  ///   - idleMax: buffers kept when given back; more are freed.
  public init(capacity: Int, idleMax: Int) {
    self.capacity = capacity
    self.idleMax = idleMax
    idle.reserveCapacity(idleMax)
  }

  /// An empty buffer, to be given back once.
  public func borrow() -> Buffer {
    lentCount += 1
    return idle.popLast() ?? Buffer(capacity: capacity)
  }

  /// Takes a buffer back. Its bytes are forgotten, not wiped.
  public func giveBack(_ buffer: Buffer) {
    precondition(buffer.capacity == capacity, "A buffer goes back to the pool it came from.")
    lentCount -= 1
    guard idle.count < idleMax else { return }
    buffer.clear()
    idle.append(buffer)
  }
}
