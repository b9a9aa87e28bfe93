// After an upstream's 101 to the handshake that an extended CONNECT became: the stream is one end
// of a tunnel. RFC 8441.

import HTTP2
import PolicyChain

extension ServedStream {
  /// Answers with 200 and carries bytes until the tunnel ends. Throws when an end broke off; an end
  /// that the gateway made is noted as the exchange's failure, and closes in order.
  func relay(to upstream: any TunnelEnd, _ exchange: Exchange) async throws(Failure) {
    guard isConnect, let terms = exchange.upgrade else {
      throw Failure(
        .internalError, origin: .gateway, retry: .never, detail: "a tunnel that nobody asked for")
    }
    let head = exchange.response
    head.status = 200
    // A 2xx to CONNECT has no length: RFC 9110 section 9.3.6.
    head.framing = .untilClose
    head.fields.remove(.secWebSocketAccept)
    try sendHead(exchange, isLast: false)
    owner.produce()
    // The lines of the 101 are of no use any more, and their block is the tunnel's.
    head.fields.forgetLines()
    var relay = Relay(
      exchange, by: terms, client: StreamEnd(self), upstream: upstream,
      writeStall: owner.limits.writeStall)
    do throws(Failure) {
      try await relay.run()
    } catch {
      guard error.origin == .gateway else { throw error }
      exchange.failure = error
      endTunnel()
    }
  }

  /// Nothing may be framed any more from the other end's buffer, which goes back to its pool.
  private func endTunnel() {
    guard stream.unsentBytes == 0 else { return owner.session.reset(stream, .cancel) }
    owner.session.end(stream)
    owner.produce()
  }
}
