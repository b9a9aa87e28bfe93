// Where one worker's sessions take ciphertext from and put it: one flat buffer in, one out, so that
// a flight costs one receive and a flush one send, and an idle session owns no buffer.

import Bytes
import COpenSSL

/// The shared ciphertext buffers of a worker. A session uses them during its calls only: what it
/// leaves in `outgoing` must be sent, or handed back with `keepUnsent`, before another session's
/// turn.
@safe package final class TLSScratch {
  /// What the socket just delivered, for the session's next call, which takes all of it.
  package let received: Buffer
  /// What the session's last call produced, for one send.
  package let outgoing: Buffer
  let window: UnsafeMutablePointer<co_window>
  private var owner: ObjectIdentifier?

  /// - Parameters:
  ///   - receivedBytes: bytes of one receive.
  ///   - outgoingBytes: bytes of one send. 68 KiB hold 64 KiB of plaintext with its records'
  ///     overhead.
  package init(receivedBytes: Int, outgoingBytes: Int) {
    precondition(
      outgoingBytes >= TLSLimits.recordBytesMax + TLSLimits.recordOverhead,
      "A whole record fits into the outgoing buffer.")
    received = Buffer(capacity: receivedBytes)
    outgoing = Buffer(capacity: outgoingBytes)
    unsafe window = .allocate(capacity: 1)
    unsafe window.initialize(to: co_window())
  }

  deinit { unsafe window.deallocate() }

  /// Takes the outgoing buffer for a session's call. Ciphertext of one connection must never leave
  /// on another: a caller that forgot to send what the last session produced is stopped here.
  func claim(for session: TLSSession) {
    if outgoing.isEmpty {
      outgoing.clear()
      owner = ObjectIdentifier(session)
    } else {
      precondition(owner == ObjectIdentifier(session), "Another session's ciphertext was not sent.")
    }
  }

  /// Forgets what a session that ends left unsent.
  func abandon(by session: TLSSession) {
    guard owner == ObjectIdentifier(session) else { return }
    outgoing.clear()
    owner = nil
  }
}
