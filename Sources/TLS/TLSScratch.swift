// Where one worker's sessions take ciphertext from and put it: one flat buffer in, one out, so that
// a flight costs one receive and a flush one send, and an idle session owns no buffer.

import Bytes
import COpenSSL

/// The shared ciphertext buffers of a worker. A session uses them during its calls only. What a
/// call leaves in `outgoing` is to be sent at once; when another session's turn comes first, it
/// goes back to the session that made it.
@safe package final class TLSScratch {
  /// What the socket just delivered, for the session's next call, which takes all of it.
  package let received: Buffer
  /// What the session's last call produced, for one send.
  package let outgoing: Buffer
  let window: UnsafeMutablePointer<co_window>
  /// The BIO of all the worker's sessions, nil when there was no memory. It has no state between
  /// calls, and each session would pay 200 bytes for one of its own.
  let bio: OpaquePointer?
  private var owner: Unmanaged<TLSSession>?

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
    unsafe owner = nil
    unsafe window = .allocate(capacity: 1)
    unsafe window.initialize(to: co_window())
    unsafe bio = Self.method == nil ? nil : BIO_new(Self.method)
    unsafe BIO_set_data(bio, window)
  }

  deinit {
    // Every session holds the scratch, so that none is left to use the window.
    unsafe BIO_free(bio)
    unsafe window.deallocate()
  }

  // Made once per process, since OpenSSL has few numbers for methods, and never freed or changed.
  nonisolated(unsafe) private static let method: OpaquePointer? = unsafe co_window_method()

  /// Takes the outgoing buffer for a session's call. Ciphertext of one connection must never leave
  /// on another: what the last session produced and nobody sent goes back to that session first.
  func claim(for session: TLSSession) {
    if outgoing.isEmpty {
      outgoing.clear()
    } else if !isOwned(by: session), let other = unsafe owner {
      // A session that ends takes its name off, so the reference is to a live one.
      unsafe other._withUnsafeGuaranteedRef { $0.keepUnsent() }
    }
    unsafe owner = Unmanaged.passUnretained(session)
  }

  /// Whether the outgoing bytes are the session's.
  func isOwned(by session: TLSSession) -> Bool {
    unsafe owner?.toOpaque() == Unmanaged.passUnretained(session).toOpaque()
  }

  /// Forgets what a session that ends left unsent.
  func abandon(by session: TLSSession) {
    guard isOwned(by: session) else { return }
    outgoing.clear()
    unsafe owner = nil
  }
}
