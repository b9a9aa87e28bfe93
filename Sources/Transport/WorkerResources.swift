// What all connections of one worker share: its loop, its buffers and the scratch that heads are written into.

import Bytes
import Engine

/// Resources of one worker. Everything here is used on the worker's loop only.
package final class WorkerResources {
  /// Bytes of a read buffer: holds the largest head that is accepted, and a good share of a large body.
  package static let bufferBytes = 64 * 1024

  package let loop: EventLoop
  /// Read buffers. An idle connection owns none.
  package let buffers: BufferPool
  /// For what sockets do not take at once.
  package let pending: BufferPool
  /// For one head, from its first byte to the send: never across an await.
  package var scratch = Output(capacity: 32 * 1024)
  /// For one chunk of a request's body, which may be pushed while `scratch` holds a response's head.
  package var uploadScratch = Output(capacity: 1024)

  package init(loop: EventLoop) {
    self.loop = loop
    buffers = BufferPool(capacity: Self.bufferBytes, idleMax: 256)
    pending = BufferPool(capacity: Transport.sendBytesMax, idleMax: 16)
  }
}
