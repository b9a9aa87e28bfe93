// One end of an upgraded connection over a byte stream of our own: the upstream's, or an HTTP/1
// client's. It owns no buffer while nothing comes.

import Bytes
import PolicyChain
import Transport

package final class TransportEnd: TunnelEnd {
  private let side: TunnelSide
  private let transport: Transport
  private let buffers: BufferPool
  /// Received bytes; borrowed while there are any.
  private var input: Buffer?
  package private(set) var hasEnded = false
  /// Whether the peer takes nothing more, while something of it may still be read.
  private var isDeaf = false

  /// - Parameter received: a buffer of the pool with what came behind the handshake. It is given
  ///   back as soon as it is empty, at the latest with this end.
  package init(
    _ side: TunnelSide, of transport: Transport, received: Buffer?, from buffers: BufferPool
  ) {
    self.side = side
    self.transport = transport
    self.buffers = buffers
    input = received
  }

  deinit { giveBackInput() }

  package func ready() throws(Failure) -> BodyChunk? {
    if let input, !input.isEmpty { return BodyChunk(buffer: input, count: input.count) }
    guard !hasEnded, transport.mayHaveBytes else {
      giveBackInput()
      return nil
    }
    let input = self.input ?? buffers.borrow()
    self.input = input
    input.clear()
    switch transport.receive(into: input) {
    case .count: return BodyChunk(buffer: input, count: input.count)
    case .blocked: break
    case .ended: hasEnded = true
    case .failed(.insecure(let error)) where error.reason == .truncated:
      // Many peers leave close_notify out. The protocol inside the tunnel has an end of its own
      // that tells whether all was said, and a reset could take its last words away.
      hasEnded = true
      isDeaf = true
    case .failed(let error): throw lost(error)
    }
    giveBackInput()
    return nil
  }

  package func flush() throws(Failure) -> Bool {
    if isDeaf { return true }
    do throws(TransportError) {
      return try transport.flush()
    } catch {
      try sendingBroke(error)
      return true
    }
  }

  package func send(_ chunk: BodyChunk) throws(Failure) {
    defer { chunk.buffer.consume(chunk.count) }
    if isDeaf { return }
    do throws(TransportError) {
      try transport.send(chunk.bytes)
    } catch { try sendingBroke(error) }
  }

  package func endSending() {
    if !isDeaf { transport.endSending() }
  }

  package func abort() { transport.socket.resetOnClose() }

  /// A peer that closed may have said its last words before: they are read first.
  private func sendingBroke(_ error: TransportError) throws(Failure) {
    guard !hasEnded, transport.mayHaveBytes else { throw lost(error) }
    isDeaf = true
  }

  private func lost(_ error: TransportError) -> Failure {
    let detail: String? =
      switch error {
      case .broken(let error): error.description
      case .insecure(let error): error.text
      case .timedOut, .cancelled, .closed: nil
      }
    return switch side {
    case .client: Failure(.clientGone, origin: .downstream, retry: .never, detail: detail)
    case .upstream:
      Failure(.connectionTerminated, origin: .upstream, retry: .never, detail: detail)
    }
  }

  private func giveBackInput() {
    guard let input else { return }
    buffers.giveBack(input)
    self.input = nil
  }
}
