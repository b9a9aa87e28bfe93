// How a TLS handshake ended, as labels.

package enum HandshakeVersion: UInt8, Sendable, CaseIterable {
  case none, tls12, tls13

  var label: String {
    switch self {
    case .none: "none"
    case .tls12: "1.2"
    case .tls13: "1.3"
    }
  }
}

package enum HandshakeResult: UInt8, Sendable, CaseIterable {
  case full, resumed, failed, timedOut, refused

  var label: String {
    switch self {
    case .full: "full"
    case .resumed: "resumed"
    case .failed: "failed"
    case .timedOut: "timeout"
    case .refused: "refused"
    }
  }
}
