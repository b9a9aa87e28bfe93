// The client's end of a tunnel on an HTTP/2 stream: RFC 8441 section 5. It takes the tunnel's bytes
// from where the other end has them, so that a stream that nobody reads holds no more than its
// window.

import Bytes
import HTTP2
import PolicyChain

/// One stream as an end of an upgraded connection.
final class StreamEnd: TunnelEnd {
  private let owner: ServedStream
  private(set) var hasEnded = false

  init(_ owner: ServedStream) { self.owner = owner }

  private var stream: HTTP2Stream { owner.stream }
  private var connection: HTTP2Connection { owner.owner }

  func ready() throws(Failure) -> BodyChunk? {
    connection.session.credit(stream)
    if connection.session.wantsWrite { connection.wake() }
    if let inbound = stream.inbound, !inbound.isEmpty {
      return BodyChunk(buffer: inbound, count: inbound.count)
    }
    if stream.isInboundComplete {
      hasEnded = true
    } else {
      try checkClient()
    }
    return nil
  }

  /// What was handed over stays where it is until it is framed: until then nothing more is asked
  /// of the other end.
  func flush() throws(Failure) -> Bool {
    try checkClient()
    return stream.unsentBytes == 0
  }

  func send(_ chunk: BodyChunk) throws(Failure) {
    try checkClient()
    connection.session.send(stream, chunk.buffer, count: chunk.count, isLast: false)
    connection.produce()
  }

  func endSending() {
    connection.session.end(stream)
    connection.produce()
  }

  /// The stream is reset when its exchange ends.
  func abort() {}

  private func checkClient() throws(Failure) {
    guard owner.isGone || (stream.isClosed && !stream.isInboundComplete) else { return }
    throw Failure(.clientGone, origin: .downstream, retry: .never)
  }
}
