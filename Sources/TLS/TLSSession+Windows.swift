// How a session's calls reach the scratch: the flat windows of its BIO, what is kept between calls,
// and in which order ciphertext leaves.

import Bytes
import COpenSSL
import OpenSSL

extension TLSSession {
  /// Whether ciphertext waits for the next send: after a handshake, a short send, or a key update
  /// by the peer.
  package var hasUnsent: Bool { unsent != nil }
  /// Bytes of it.
  package var unsentCount: Int { unsent?.count ?? 0 }

  /// Moves what the caller could not send out of the scratch, so that other sessions can use it.
  package func keepUnsent() {
    let outgoing = scratch.outgoing
    guard !outgoing.isEmpty, scratch.isOwned(by: self) else { return }
    unsent = Self.joined(unsent, outgoing)
    outgoing.clear()
  }

  /// Moves what was kept back into the scratch, to be sent. What does not fit stays for the next
  /// call.
  package func restoreUnsent() {
    beginWriting()
  }

  /// Takes the scratch's outgoing buffer and puts first what waited.
  func beginWriting() {
    scratch.claim(for: self)
    guard let waiting = unsent else { return }
    let count = min(waiting.count, scratch.outgoing.freeCount)
    let isWhole = scratch.outgoing.append(waiting.bytes.extracting(first: count))
    precondition(isWhole, "The room was measured.")
    waiting.consume(count)
    if waiting.isEmpty { unsent = nil }
  }

  /// The ciphertext for the next call: what was kept, else what was just received.
  func takeInput() -> Buffer {
    guard let kept = backlog else { return scratch.received }
    guard !scratch.received.isEmpty else { return kept }
    let all = Self.joined(kept, scratch.received)
    scratch.received.clear()
    backlog = all
    return all
  }

  /// Keeps what OpenSSL has not taken, so that the scratch is free for another session.
  func settle(_ input: Buffer) {
    if input === scratch.received {
      if !input.isEmpty { backlog = Self.joined(nil, input) }
      input.clear()
    } else if input.isEmpty {
      backlog = nil
    }
  }

  /// Runs a call of OpenSSL's with the windows open on the input and on the room behind the
  /// outgoing bytes.
  func run(_ input: Buffer?, _ call: () -> Int32) -> Int32 {
    ErrorQueue.clear()
    let window = unsafe scratch.window
    var result: Int32 = 0
    var taken = 0
    _ = unsafe scratch.outgoing.fill { room in
      unsafe window.pointee.out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe window.pointee.out_capacity = room.count
      unsafe window.pointee.out_count = 0
      if let input {
        unsafe input.withUnsafeWindow { bytes in
          unsafe window.pointee.in = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
          unsafe window.pointee.in_count = bytes.count
          result = call()
          taken = unsafe bytes.count - window.pointee.in_count
        }
      } else {
        result = call()
      }
      let count = unsafe window.pointee.out_count
      // No window stays open: a call that forgot to open it would find no bytes rather than another
      // session's.
      unsafe window.pointee = co_window()
      return count
    }
    input?.consume(taken)
    return result
  }

  private static func joined(_ first: Buffer?, _ second: Buffer) -> Buffer {
    let all = Buffer(capacity: (first?.count ?? 0) + second.count)
    var isWhole = true
    if let first { isWhole = all.append(first.bytes) }
    isWhole = all.append(second.bytes) && isWhole
    precondition(isWhole, "The capacity is the sum.")
    return all
  }
}
