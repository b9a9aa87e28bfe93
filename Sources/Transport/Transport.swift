// A stream of bytes over a socket, plain or inside TLS. It knows no protocol; codecs work on the
// buffers that it fills.

import Bytes
import Engine
import TLS

/// One connection's byte stream in both directions.
///
/// A send is taken whole: what the socket does not take at once is kept and must be flushed before
/// the next send. So heads are written into a scratch that all connections of a worker share.
package final class Transport {
  /// Bytes that one send may carry. It bounds what a stalled peer makes us keep.
  package static let sendBytesMax = 96 * 1024
  /// Bytes of ciphertext that a whole send may become.
  package static let cipherBytesMax = sendBytesMax + 8 * 1024

  /// How a receive ended.
  package enum Received {
    case count(Int)
    /// The peer has sent its last byte, and said so where its protocol can.
    case ended
    /// Nothing is there now: wait for the socket.
    case blocked
    case failed(TransportError)
  }

  package let socket: Socket
  private let pending: BufferPool
  /// What a plain socket did not take yet; a TLS session keeps its own.
  private var unsent: Buffer?
  package let session: TLSSession?
  let scratch: TLSScratch?

  /// - Parameter pending: buffers of `sendBytesMax` bytes for what a socket does not take at once.
  package init(socket: Socket, pending: BufferPool) {
    self.socket = socket
    self.pending = pending
    session = nil
    scratch = nil
  }

  /// A stream inside TLS: `handshake` comes before anything else.
  ///
  /// - Parameter scratch: the session's; its outgoing buffer holds `cipherBytesMax` bytes.
  package init(
    socket: Socket, session: TLSSession, scratch: TLSScratch, pending: BufferPool
  ) {
    self.socket = socket
    self.session = session
    self.scratch = scratch
    self.pending = pending
  }

  package var isSecure: Bool { session != nil }

  /// Whether bytes of an earlier send wait for the socket.
  package var hasUnsent: Bool { unsent != nil || session?.hasUnsent == true }

  /// Bytes that the peer's system has not taken, here and in the kernel: a system call.
  var untakenCount: Int {
    (unsent?.count ?? session?.unsentCount ?? 0) + socket.queuedByteCount
  }

  /// Whether a receive may find something without waiting.
  package var mayHaveBytes: Bool { socket.isReadable || session?.hasBufferedInput == true }

  // MARK: Receiving

  /// Reads once into the room behind the buffer's window.
  package func receive(into buffer: Buffer) -> Received {
    if let session, let scratch { return receive(into: buffer, session, scratch) }
    switch socket.receive(into: buffer) {
    case .count(let count): return .count(count)
    case .ended: return .ended
    case .blocked: return .blocked
    case .failed(let error): return .failed(.broken(error))
    }
  }

  private func receive(
    into buffer: Buffer, _ session: TLSSession, _ scratch: TLSScratch
  ) -> Received {
    do throws(TLSError) {
      if session.hasBufferedInput, let received = try read(into: buffer, session) {
        return received
      }
      while true {
        scratch.received.clear()
        switch socket.receive(into: scratch.received) {
        case .count: if let received = try read(into: buffer, session) { return received }
        case .ended:
          try session.inputEnded()
          return .ended
        case .blocked:
          // A ticket that waits for the first response leaves when there is nothing to answer.
          if session.hasUnsent, socket.isWritable { _ = flush(session, scratch) }
          return .blocked
        case .failed(let error): return .failed(.broken(error))
        }
      }
    } catch {
      sendAlert(session, scratch)
      return .failed(.insecure(error))
    }
  }

  private func read(into buffer: Buffer, _ session: TLSSession) throws(TLSError) -> Received? {
    switch try session.read(into: buffer) {
    case .bytes(let count): .count(count)
    case .closed: .ended
    case .wantsRead: nil
    }
  }

  // MARK: Sending

  /// Sends both runs, in one call where the socket takes them. Nothing may be unsent before, but a
  /// TLS session's ticket.
  package func send(_ first: Span<UInt8>, _ second: Span<UInt8>) throws(TransportError) {
    precondition(unsent == nil, "What is unsent is flushed first.")
    precondition(first.count + second.count <= Self.sendBytesMax, "A send is bounded.")
    if let session, let scratch {
      do throws(TLSError) {
        try write(first, session)
        try write(second, session)
      } catch {
        sendAlert(session, scratch)
        throw .insecure(error)
      }
      return try sendOutgoing(session, scratch)
    }
    switch socket.send(first, second) {
    case .count(let count):
      if count < first.count + second.count { keep(first, second, from: count) }
    case .blocked: keep(first, second, from: 0)
    case .ended: throw .closed
    case .failed(let error): throw .broken(error)
    }
  }

  package func send(_ bytes: Span<UInt8>) throws(TransportError) { try send(bytes, Span()) }

  private func write(_ bytes: Span<UInt8>, _ session: TLSSession) throws(TLSError) {
    guard !bytes.isEmpty else { return }
    let count = try session.write(bytes)
    precondition(count == bytes.count, "The outgoing buffer holds a whole send.")
  }

  /// Sends what is unsent as far as the socket takes it. Returns whether all is sent.
  package func flush() throws(TransportError) -> Bool {
    if let session, let scratch {
      guard session.hasUnsent else { return true }
      return try flush(session, scratch).get()
    }
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

  private func flush(_ session: TLSSession, _ scratch: TLSScratch) -> Result<Bool, TransportError> {
    session.restoreUnsent()
    do throws(TransportError) {
      try sendOutgoing(session, scratch)
    } catch { return .failure(error) }
    return .success(!session.hasUnsent)
  }

  /// Sends the scratch's ciphertext; the session keeps what the socket does not take.
  func sendOutgoing(_ session: TLSSession, _ scratch: TLSScratch) throws(TransportError) {
    let outgoing = scratch.outgoing
    guard !outgoing.isEmpty else { return }
    switch socket.send(outgoing.bytes) {
    case .count(let count): outgoing.consume(count)
    case .blocked: break
    case .ended:
      outgoing.clear()
      throw .closed
    case .failed(let error):
      outgoing.clear()
      throw .broken(error)
    }
    session.keepUnsent()
    outgoing.clear()
  }

  /// Tells the peer why, as far as that is possible: the session has failed anyway.
  func sendAlert(_ session: TLSSession, _ scratch: TLSScratch) {
    let outgoing = scratch.outgoing
    if !outgoing.isEmpty { _ = socket.send(outgoing.bytes) }
    outgoing.clear()
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

  // MARK: Ending

  /// Tells the peer that no more bytes will come; it may still send.
  package func endSending() {
    sayGoodbye()
    socket.shutdownSending()
  }

  /// Closes the stream, once. With `isAborting` the peer sees a reset, where the protocol has one.
  package func close(isAborting: Bool) {
    guard !socket.isClosed else { return }
    if let unsent {
      pending.giveBack(unsent)
      self.unsent = nil
    }
    if isAborting { socket.resetOnClose() } else { sayGoodbye() }
    socket.close()
  }

  /// RFC 8446 section 6.1: close_notify tells a whole stream from one that was cut.
  private func sayGoodbye() {
    guard let session, let scratch, !socket.isBroken else { return }
    session.closeNotify()
    sendAlert(session, scratch)
  }
}
