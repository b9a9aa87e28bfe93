// A stream of bytes over a socket, plain or inside TLS. It knows no protocol; codecs work on the buffers that it fills.

import Bytes
import Engine

/// One connection's byte stream in both directions.
///
/// A send is taken whole: what the socket does not take at once is kept in a buffer borrowed for that time, and must be
/// flushed before the next send. So heads are written into a scratch that all connections of a worker share.
package final class Transport {
  /// Bytes that one send may carry. It bounds what a stalled peer makes us keep.
  package static let sendBytesMax = 96 * 1024

  package let socket: Socket
  private let pending: BufferPool
  /// What the socket did not take yet.
  private var unsent: Buffer?

  /// - Parameter pending: buffers of at least `sendBytesMax` bytes for what a socket does not take at once.
  package init(socket: Socket, pending: BufferPool) {
    self.socket = socket
    self.pending = pending
  }

  /// Whether bytes of an earlier send wait for the socket.
  package var hasUnsent: Bool { unsent != nil }

  /// Whether a read may find something without waiting.
  package var mayHaveBytes: Bool { socket.isReadable }

  /// Reads once into the room behind the buffer's window.
  package func receive(into buffer: Buffer) -> Socket.Transfer { socket.receive(into: buffer) }

  /// Sends both runs, in one call where the socket takes them. Nothing may be unsent before.
  package func send(_ first: Span<UInt8>, _ second: Span<UInt8>) throws(TransportError) {
    precondition(unsent == nil, "What is unsent is flushed first.")
    precondition(first.count + second.count <= Self.sendBytesMax, "A send is bounded.")
    switch socket.send(first, second) {
    case .count(let count):
      if count < first.count + second.count { keep(first, second, from: count) }
    case .blocked: keep(first, second, from: 0)
    case .ended: throw .closed
    case .failed(let error): throw .broken(error)
    }
  }

  package func send(_ bytes: Span<UInt8>) throws(TransportError) { try send(bytes, Span()) }

  /// Sends what is unsent as far as the socket takes it. Returns whether all is sent.
  package func flush() throws(TransportError) -> Bool {
    guard let unsent else { return true }
    while !unsent.isEmpty {
      switch socket.send(unsent.bytes) {
      case .count(let count): unsent.consume(count)
      case .blocked: return false
      case .ended: throw .closed
      case .failed(let error): throw .broken(error)
      }
    }
    pending.giveBack(unsent)
    self.unsent = nil
    return true
  }

  /// Closes the stream, once. With `isAborting` the peer sees a reset, where the protocol has one.
  package func close(isAborting: Bool) {
    if let unsent {
      pending.giveBack(unsent)
      self.unsent = nil
    }
    if isAborting { socket.resetOnClose() }
    socket.close()
  }

  private func keep(_ first: Span<UInt8>, _ second: Span<UInt8>, from sent: Int) {
    let buffer = pending.borrow()
    let fromFirst = min(sent, first.count)
    let isKept =
      buffer.append(first.extracting(fromFirst..<first.count))
      && buffer.append(second.extracting((sent - fromFirst)..<second.count))
    precondition(isKept, "A pending buffer holds a whole send.")
    unsent = buffer
  }
}
