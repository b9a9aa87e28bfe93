// After a 101: the client's connection is one end of a tunnel, and never serves a request again.

import Bytes
import Engine
import PolicyChain
import Transport
import Upstreams

extension HTTP1Connection {
  /// Carries bytes until the tunnel ends. The 101 has been sent. Throws when an end broke off; an
  /// end that the gateway made is noted as the exchange's failure, and closes in order.
  func relay(to upstream: any TunnelEnd, _ exchange: Exchange) async throws(Failure) {
    guard let terms = exchange.upgrade else {
      preconditionFailure("Only a request that may be upgraded gets a tunnel.")
    }
    // The lines of the 101 are of no use any more, and their block is the tunnel's.
    exchange.response.fields.forgetLines()
    var relay = Relay(
      exchange, by: terms, client: tunnelEnd(), upstream: upstream, writeStall: limits.writeStall)
    do throws(Failure) {
      try await relay.run()
    } catch {
      guard error.origin == .gateway else { throw error }
      exchange.failure = error
    }
  }

  /// The client's end. The text of the request stays where it is, for the log; what came behind it
  /// goes along.
  private func tunnelEnd() -> TransportEnd {
    let buffers = context.resources.buffers
    var received: Buffer?
    if let input, !input.isEmpty {
      let copy = buffers.borrow()
      let isWhole = copy.append(input.bytes)
      precondition(isWhole, "All read buffers are of one size.")
      input.consume(input.count)
      received = copy
    }
    return TransportEnd(.client, of: transport, received: received, from: buffers)
  }
}
