// The protocols that ALPN (RFC 7301) can choose.

/// A protocol spoken inside TLS.
package enum ApplicationProtocol: String, Sendable, CaseIterable {
  case http1 = "http/1.1"
  case http2 = "h2"

  /// The list in wire form: each name after its length.
  static func wireList(_ protocols: [ApplicationProtocol]) -> [UInt8] {
    protocols.flatMap { [UInt8($0.rawValue.utf8.count)] + Array($0.rawValue.utf8) }
  }
}
