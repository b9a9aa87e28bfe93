// Application data of an open session: records to plaintext and plaintext to records.

import Bytes
import COpenSSL
import OpenSSL

extension TLSSession {
  /// Whether a read may give plaintext without another receive.
  package var hasBufferedInput: Bool {
    if backlog != nil { return true }
    return unsafe SSL_pending(ssl) > 0
  }

  /// Decrypts what `scratch.received` holds, behind what was kept, into the free room of `plain`.
  ///
  /// The received bytes are always used up: what has no room in `plain` is kept by the session, up
  /// to `TLSLimits.keptBytesMax`, so read until `.wantsRead` before receiving more. Throws when the
  /// session has failed; plaintext before the failure has been delivered by the call before.
  package func read(into plain: Buffer) throws(TLSError) -> ReadResult {
    switch phase {
    case .open: break
    case .ended:
      scratch.received.clear()
      return .closed
    case .failed(let error):
      scratch.received.clear()
      beginWriting()
      throw error
    case .handshaking: preconditionFailure("Plaintext is read after the handshake only.")
    }
    scratch.claim(for: self)
    let isIdle = scratch.outgoing.isEmpty
    let input = takeInput()
    guard input.count <= TLSLimits.keptBytesMax else { throw fail(TLSError(.inputOverflow)) }
    let before = plain.count
    let result = run(input) { readRecords(into: plain) }
    settle(input)
    let count = plain.count - before
    if result != 1 { try handleReadStop(result, count: count) }
    // An answer to a key update leaves with the next write, an alert with the call that throws.
    if isIdle { keepUnsent() }
    if count > 0 { return .bytes(count) }
    if case .ended = phase { return .closed }
    return .wantsRead
  }

  /// Reads records until the room or the ciphertext is used up. Returns 1, or OpenSSL's result when
  /// it stopped.
  private func readRecords(into plain: Buffer) -> Int32 {
    while plain.freeCount > 0 {
      var result: Int32 = 0
      _ = unsafe plain.fill { room in
        var count = 0
        result = unsafe SSL_read_ex(ssl, room.baseAddress, room.count, &count)
        return result == 1 ? count : 0
      }
      guard result == 1 else { return result }
      // Without read-ahead OpenSSL holds no bytes behind a whole record: an empty window says that
      // all are used, without the cost of a call that finds nothing.
      if unsafe scratch.window.pointee.in_count == 0, unsafe SSL_pending(ssl) == 0 { return 1 }
    }
    return 1
  }

  private func handleReadStop(_ result: Int32, count: Int) throws(TLSError) {
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return
    case SSL_ERROR_ZERO_RETURN:
      phase = .ended
      backlog = nil
    default:
      let error = fail()
      // Plaintext that came before is delivered first; the next call throws.
      if count == 0 { throw error }
    }
  }

  /// Encrypts plaintext into `scratch.outgoing`, behind what waits there, as far as whole records
  /// fit. Returns how many bytes were taken: send the buffer, then offer the rest again.
  package func write(_ plain: Span<UInt8>) throws(TLSError) -> Int {
    switch phase {
    case .open, .ended: break
    case .failed(let error): throw error
    case .handshaking: preconditionFailure("Plaintext is written after the handshake only.")
    }
    beginWriting()
    var written = 0
    // The records are made while the span is alive, and OpenSSL keeps no pointer to it.
    let result = unsafe plain.withUnsafeBytes { bytes in
      run(nil) { unsafe writeRecords(bytes, &written) }
    }
    if result != 1 { throw fail() }
    return written
  }

  private func writeRecords(_ bytes: UnsafeRawBufferPointer, _ written: inout Int) -> Int32 {
    while written < bytes.count {
      let window = unsafe scratch.window.pointee
      let room = unsafe window.out_capacity - window.out_count - TLSLimits.recordOverhead
      let wanted = min(bytes.count - written, TLSLimits.recordBytesMax)
      // A record is never cut: OpenSSL would hold its rest and ask for the same bytes again.
      guard room >= wanted else { return 1 }
      var count = 0
      let start = unsafe bytes.baseAddress?.advanced(by: written)
      let result = unsafe SSL_write_ex(ssl, start, wanted, &count)
      guard result == 1 else { return result }
      written += count
    }
    return 1
  }
}
