// What the gateway asks a server for by itself: health checks, and documents that a config names.

/// A GET of the gateway's own.
package struct OwnRequest: Sendable {
  /// Path and query, as they stand in a request line.
  package var target: String
  /// What the Host field says.
  package var host: String
  /// Product name in User-Agent.
  package var agent: String
  /// Media types in Accept.
  package var accepts: String
  /// Bytes of the answer's body that are taken; nil when its head is enough.
  package var bodyMax: Int?

  package init(
    target: String, host: String, agent: String, accepts: String = "*/*", bodyMax: Int?
  ) {
    self.target = target
    self.host = host
    self.agent = agent
    self.accepts = accepts
    self.bodyMax = bodyMax
  }

  /// The bytes of its head. Whoever makes a request has checked its parts: no line break stands in
  /// a path or name of the config.
  var head: [UInt8] {
    Array(
      ("GET \(target) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: \(agent)\r\n"
        + "Accept: \(accepts)\r\nConnection: close\r\n\r\n").utf8)
  }
}

/// What came back.
package struct OwnAnswer: Sendable {
  package let status: UInt16
  /// Names in lower case, in the order in which they came.
  package let fields: [(name: String, value: String)]
  /// Empty when only the head was wanted.
  package let body: [UInt8]

  /// The first value of a field by its name in lower case.
  package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Why there is no answer.
package enum OwnRequestError: Error, Sendable, Equatable {
  case timedOut
  /// The waiter's owner ended it.
  case cancelled
  /// The server closed before its answer was complete.
  case closed
  /// The connection or its TLS broke, in words.
  case broken(String)
  /// The answer breaks a rule of HTTP/1.1.
  case notHTTP(String)
  /// More interim answers than are waited for.
  case endless
  case bodyTooLarge

  /// A sentence for the operator, without its end.
  package var text: String {
    switch self {
    case .timedOut: "no answer in time"
    case .cancelled: "it was ended"
    case .closed: "the server closed the connection"
    case .broken(let text): text
    case .notHTTP(let text): "its answer is no HTTP: \(text)"
    case .endless: "its answer does not come to an end"
    case .bodyTooLarge: "its answer is too large"
    }
  }
}
