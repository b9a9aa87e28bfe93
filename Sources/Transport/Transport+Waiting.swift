// Reads and writes that wait, each until a deadline.

import Bytes
import Engine

extension Transport {
  /// Reads at least one byte. Returns 0 at the end of the stream.
  package func read(
    into buffer: Buffer, waiter: Waiter, until deadline: Instant
  ) async throws(TransportError) -> Int {
    while true {
      switch receive(into: buffer) {
      case .count(let count): return count
      case .ended: return 0
      case .failed(let error): throw .broken(error)
      case .blocked: try await wait(waiter, until: deadline)
      }
    }
  }

  /// Waits until everything is with the kernel.
  package func drain(waiter: Waiter, until deadline: Instant) async throws(TransportError) {
    while try !flush() { try await wait(waiter, until: deadline) }
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
