// `redirect https` of a listener: every request of a clear-text port is sent to the same place
// over TLS. RFC 9110 section 15.4.9: 308 keeps the method, so that a POST is not repeated as GET.

import Bytes
import HTTPMessage
import PolicyChain

/// Answers 308 with the request's own host and target under https. The port is left out: what
/// listens on another one than 443 is nothing that this listener knows.
package final class HTTPSRedirect: Destination {
  private var scratch = Output(capacity: 256)

  package init() {}

  package func respond(to exchange: Exchange) async throws(Failure) {
    let request = exchange.request
    let host = request.text(request.host)
    // HTTP/1.0 clients may send no Host; there is no place to send them to.
    guard !host.isEmpty else { throw .refused(.noRoute) }
    scratch.clear()
    scratch.append("https://")
    scratch.append(host)
    let target = request.text(request.target)
    if target.count > 0, target[0] == UInt8(ascii: "/") {
      scratch.append(target)
    } else {
      scratch.append("/")
    }
    exchange.answer(status: 308, contentType: nil, body: [])
    exchange.add(.location, scratch)
  }
}
