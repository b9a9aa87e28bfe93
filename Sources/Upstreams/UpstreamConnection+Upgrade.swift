// An upstream's answer to a WebSocket handshake. RFC 6455 section 4.1: what it must say so that the
// connection is a tunnel from there on.

import Bytes
import HTTPMessage
import PolicyChain

extension UpstreamConnection {
  /// Whether a 101 is the answer to the handshake that was sent, by every rule that a client
  /// checks: half an upgrade would make bytes of one protocol be read as those of another.
  func isUpgraded(_ head: ResponseHead, by terms: UpgradeTerms) -> Bool {
    let fields = head.fields
    guard head.version == .http11, head.upgrades,
      fields.count(of: .upgrade) == 1, let upgrade = fields.first(.upgrade),
      fields.value(at: upgrade).equalsIgnoringCase("websocket"),
      fields.count(of: .secWebSocketAccept) == 1, let accept = fields.first(.secWebSocketAccept)
    else { return false }
    let acceptance = terms.acceptance
    return fields.value(at: accept).equals(acceptance.span)
  }

  /// What follows the head that was read.
  func body(of exchange: Exchange) -> ResponseBody {
    if exchange.response.status == 101 { return .tunnel(tunnelEnd()) }
    return isComplete ? .none : .stream(self)
  }

  /// Hands the stream over: the connection stays its owner, and closes it.
  private func tunnelEnd() -> TransportEnd {
    let received = input
    input = nil
    return TransportEnd(.upstream, of: transport, received: received, from: pool.resources.buffers)
  }
}
