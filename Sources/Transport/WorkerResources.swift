// What all connections of one worker share: its loop, its buffers and the scratch that heads are
// written into.

import Bytes
import Engine
import OpenSSL
import TLS

/// Resources of one worker. Everything here is used on the worker's loop only.
package final class WorkerResources {
  /// Bytes of a read buffer: holds the largest head that is accepted, and a good share of a large
  /// body.
  package static let bufferBytes = 64 * 1024

  package let loop: EventLoop
  /// Read buffers. An idle connection owns none.
  package let buffers: BufferPool
  /// For text of one head or a short body, of any size up to `bufferBytes`.
  package let heads: TextBuffers
  /// For what sockets do not take at once.
  package let pending: BufferPool
  /// For one head, from its first byte to the send: never across an await.
  package let scratch = Lent(Output(capacity: 32 * 1024))
  /// For one chunk of a request's body, which may be pushed while `scratch` holds a response's
  /// head.
  package let uploadScratch = Lent(Output(capacity: 1024))

  /// OpenSSL's state of this worker: contexts of several workers share no locks.
  package let library: LibraryContext
  /// For connections that many exchanges share; its task is the worker's.
  package let turns: TurnQueue

  /// Where TLS sessions take ciphertext from and put it.
  package let tls: TLSScratch

  /// Bytes of all buffers, lent or idle.
  package var heldBytes: Int { buffers.heldBytes + pending.heldBytes + heads.heldBytes }

  /// Frees buffers that nobody needed since the last call, but for a few.
  package func trim() {
    buffers.trim(keeping: 4)
    pending.trim(keeping: 0)
    heads.trim()
  }

  package init(loop: EventLoop) throws(CryptoError) {
    self.loop = loop
    turns = TurnQueue(on: loop)
    library = try LibraryContext()
    tls = TLSScratch(
      receivedBytes: Self.bufferBytes, outgoingBytes: Transport.cipherBytesMax)
    buffers = BufferPool(capacity: Self.bufferBytes, idleMax: 256)
    heads = TextBuffers(large: buffers)
    pending = BufferPool(capacity: Transport.sendBytesMax, idleMax: 16)
  }
}
