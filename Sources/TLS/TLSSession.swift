// One connection's TLS, server or client side, without I/O: ciphertext in and out through the
// worker's scratch, plaintext in and out through its caller's buffers. RFC 8446, RFC 5246.
//
// The caller's part, in this order after each call: send what `scratch.outgoing` holds, also when
// the call threw (an alert), and hand back with `keepUnsent` what the socket did not take.

import Bytes
import COpenSSL
import OpenSSL

/// A TLS session. It owns no buffer while it is idle. Not `Sendable`: it stays on its worker.
@safe package final class TLSSession {
  /// What a handshake needs next.
  package enum HandshakeStep: Equatable, Sendable {
    /// The session is open. Bytes that can leave with the first application data are kept: see
    /// `hasUnsent`.
    case done
    /// More ciphertext from the peer.
    case wantsRead
    /// The outgoing buffer is full: send it and call again.
    case wantsWrite
  }

  /// The outcome of a read.
  package enum ReadResult: Equatable, Sendable {
    /// This many bytes of plaintext were appended.
    case bytes(Int)
    /// All ciphertext has been used up.
    case wantsRead
    /// The peer said that it sends no more.
    case closed
  }

  enum Role {
    case server
    case client
  }

  enum Phase {
    case handshaking
    case open
    /// The peer's close_notify was read; writing is still allowed.
    case ended
    case failed(TLSError)
  }

  let ssl: OpaquePointer
  let role: Role
  let scratch: TLSScratch
  var phase = Phase.handshaking
  /// Ciphertext that was received and for whose plaintext the reader had no room.
  var backlog: Buffer?
  /// Ciphertext that waits for the next send.
  var unsent: Buffer?
  // OpenSSL's callbacks hold it unretained.
  private let context: AnyObject

  /// A server's session.
  package init(accepting context: TLSServerContext, scratch: TLSScratch) throws(TLSError) {
    unsafe ssl = try Self.make(context.pointer, scratch)
    role = .server
    self.scratch = scratch
    self.context = context
    unsafe SSL_set_accept_state(ssl)
  }

  /// A client's session, to the name of its context.
  package init(connecting context: TLSClientContext, scratch: TLSScratch) throws(TLSError) {
    unsafe ssl = try Self.make(context.pointer, scratch)
    role = .client
    self.scratch = scratch
    self.context = context
    unsafe SSL_set_connect_state(ssl)
    guard unsafe context.prepare(ssl) else {
      throw TLSError(.handshakeFailed, code: ErrorQueue.take())
    }
  }

  deinit {
    scratch.abandon(by: self)
    // A connection may end without close_notify in both directions and its session still be
    // resumed; a failed one is forgotten by OpenSSL.
    if case .open = phase {
      unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    }
    unsafe SSL_free(ssl)
  }

  private static func make(_ context: OpaquePointer?, _ scratch: TLSScratch)
    throws(TLSError) -> OpaquePointer
  {
    guard let bio = unsafe scratch.bio, let ssl = unsafe SSL_new(context) else {
      throw TLSError(.outOfMemory, code: ErrorQueue.take())
    }
    guard unsafe BIO_up_ref(bio) == 1 else {
      unsafe SSL_free(ssl)
      throw TLSError(.outOfMemory, code: ErrorQueue.take())
    }
    // For reading and writing, which takes over the one reference.
    unsafe SSL_set_bio(ssl, bio, bio)
    return unsafe ssl
  }

  /// Continues the handshake with what `scratch.received` holds. Throws when it has failed.
  ///
  /// After `.done` a TLS 1.3 server's ticket and a client's last flight are kept back, to leave in
  /// the same send as the first application data. Whoever has to wait for the peer first sends
  /// them: `if hasUnsent { restoreUnsent() }`.
  package func handshake() throws(TLSError) -> HandshakeStep {
    switch phase {
    case .open, .ended: return .done
    case .failed(let error): throw error
    case .handshaking: break
    }
    beginWriting()
    let input = takeInput()
    let result = run(input) { unsafe SSL_do_handshake(ssl) }
    settle(input)
    if result == 1 {
      phase = .open
      ErrorQueue.clear()
      if let client = context as? TLSClientContext { unsafe client.keepSession(of: ssl) }
      // A client of a full TLS 1.2 handshake waits for the server's last flight.
      if unsafe role == .client || SSL_version(ssl) == TLS1_3_VERSION { keepUnsent() }
      return .done
    }
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .wantsRead
    case SSL_ERROR_WANT_WRITE: return .wantsWrite
    default: throw fail()
    }
  }

  /// Says that the socket delivered the end of the stream. Throws when the peer had not announced
  /// it: its last message may have been cut by someone else. RFC 8446 section 6.1.
  package func inputEnded() throws(TLSError) {
    switch phase {
    case .ended: return
    case .failed(let error): throw error
    case .open: throw fail(TLSError(.truncated))
    case .handshaking: throw fail(TLSError(.peerClosed))
    }
  }

  /// Puts close_notify into the outgoing buffer, behind what waits there. Nothing can be written
  /// afterwards.
  package func closeNotify() {
    switch phase {
    case .handshaking, .failed: return
    case .open, .ended: break
    }
    beginWriting()
    _ = run(nil) { unsafe SSL_shutdown(ssl) }
    ErrorQueue.clear()
  }

  func fail(_ error: TLSError? = nil) -> TLSError {
    var isHandshaking = false
    if case .handshaking = phase { isHandshaking = true }
    let error = unsafe error ?? TLSError.taken(for: ssl, isHandshaking: isHandshaking)
    phase = .failed(error)
    backlog = nil
    return error
  }
}
