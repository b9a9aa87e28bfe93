// Buffers for text whose size is known before it is written: most heads are short, and a hundred
// streams of one connection hold one each.

import Bytes

/// Lends small buffers where they are enough.
package final class TextBuffers {
  /// Bytes of a small buffer: one page.
  private static let smallBytes = 4096
  /// Bytes that a head of a hundred fields may grow by when it is written as text.
  private static let slack = 512

  private let small = BufferPool(capacity: smallBytes, idleMax: 256)
  private let large: BufferPool

  init(large: BufferPool) { self.large = large }

  /// A buffer that holds at least `count` bytes, or is the largest there is.
  package func borrow(forBytes count: Int) -> Buffer {
    count <= Self.smallBytes - Self.slack ? small.borrow() : large.borrow()
  }

  /// Frees what nobody needed since the last call. The large ones are another pool's.
  func trim() { small.trim(keeping: 4) }

  var heldBytes: Int { small.heldBytes }

  package func giveBack(_ buffer: Buffer) {
    if buffer.capacity == Self.smallBytes { small.giveBack(buffer) } else { large.giveBack(buffer) }
  }
}
