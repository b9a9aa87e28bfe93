// `redirect https` of a listener: every request that no route of its own takes is sent to the same place over TLS.

import Bytes
import HTTPMessage
import PolicyChain

/// Answers 308 with the same host and target under https. RFC 9110 section 15.4.9.
final class HTTPSRedirect: Destination {
  func respond(to exchange: Exchange) async throws(Failure) {
    let request = exchange.request
    // `*` names no place, and without a host there is nowhere to go.
    guard !request.host.isEmpty, request.text(request.path).first == UInt8(ascii: "/") else {
      throw .refused(.noRoute)
    }
    var location = Output(capacity: 256)
    location.append("https://")
    location.append(request.text(request.host))
    location.append(request.text(request.target))
    exchange.answer(status: 308, contentType: nil, body: [])
    exchange.add(.location, name: "location".utf8Span.span, value: location.bytes)
  }
}

extension Span where Element == UInt8 {
  fileprivate var first: UInt8? { isEmpty ? nil : self[0] }
}
