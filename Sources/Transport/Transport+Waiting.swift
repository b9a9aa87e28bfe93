// Reads and writes that wait, each until a deadline.

import Bytes
import Engine
import TLS

extension Transport {
  /// Makes the TLS session ready. A stream without TLS is ready as it is.
  ///
  /// Nothing that came before the end of the handshake is taken for plaintext (CVE-2026-1642).
  package func handshake(waiter: Waiter, until deadline: Instant) async throws(TransportError) {
    guard let session, let scratch else { return }
    while true {
      let step: TLSSession.HandshakeStep
      do throws(TLSError) {
        step = try session.handshake()
      } catch {
        sendAlert(session, scratch)
        throw .insecure(error)
      }
      try sendOutgoing(session, scratch)
      switch step {
      case .done: return
      case .wantsWrite: try await drain(waiter: waiter, until: deadline)
      case .wantsRead: try await receiveFlight(session, scratch, waiter, deadline)
      }
    }
  }

  private func receiveFlight(
    _ session: TLSSession, _ scratch: TLSScratch, _ waiter: Waiter, _ deadline: Instant
  ) async throws(TransportError) {
    while true {
      scratch.received.clear()
      switch socket.receive(into: scratch.received) {
      case .count: return
      case .failed(let error): throw .broken(error)
      case .ended: throw .closed
      case .blocked: try await wait(waiter, until: deadline)
      }
    }
  }

  /// Reads at least one byte. Returns 0 at the end of the stream.
  package func read(
    into buffer: Buffer, waiter: Waiter, until deadline: Instant
  ) async throws(TransportError) -> Int {
    while true {
      switch receive(into: buffer) {
      case .count(let count): return count
      case .ended: return 0
      case .failed(let error): throw error
      case .blocked: try await wait(waiter, until: deadline)
      }
    }
  }

  /// Waits until everything is with the kernel.
  package func drain(waiter: Waiter, until deadline: Instant) async throws(TransportError) {
    while try !flush() { try await wait(waiter, until: deadline) }
  }

  /// Waits until everything is with the kernel, for as long as the peer keeps the pace.
  package func drain(waiter: Waiter, pace: SendingPace) async throws(TransportError) {
    guard try !flush() else { return }
    let start = waiter.now
    let countAtStart = untakenCount
    var count = countAtStart
    var limit = start.advanced(milliseconds: pace.stall)
    while try !flush() {
      switch await waiter.wait(until: limit) {
      case .signalled: continue
      case .cancelled: throw .cancelled
      case .timedOut:
        // The kernel says that there is room again only when much of its queue has gone: a slow
        // reader is told from a dead one by what the queue holds.
        let left = untakenCount
        let elapsed = waiter.now.since(start) / 1_000_000
        guard left < count, pace.allows(elapsed, for: countAtStart - left) else { throw .timedOut }
        count = left
        limit = waiter.now.advanced(milliseconds: pace.stall)
      }
    }
  }

  /// Waits for any change of the socket.
  package func wait(_ waiter: Waiter, until deadline: Instant) async throws(TransportError) {
    switch await waiter.wait(until: deadline) {
    case .signalled: return
    case .timedOut: throw .timedOut
    case .cancelled: throw .cancelled
    }
  }
}
