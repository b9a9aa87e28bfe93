// Protocol versions as messages carry them. RFC 9110 section 2.5.

import Bytes

public enum HTTPVersion: UInt8, BitwiseCopyable, Sendable {
  case http10, http11, http2

  /// As in logs and in ALPN-free contexts: `HTTP/1.1`.
  public var name: StaticString {
    switch self {
    case .http10: "HTTP/1.0"
    case .http11: "HTTP/1.1"
    case .http2: "HTTP/2"
    }
  }

  /// The version that an HTTP/1 start line names; nil for any other text.
  public init?(http1 text: Span<UInt8>) {
    guard text.count == 8 else { return nil }
    switch text.word(at: 0) {
    case 0x312E_312F_5054_5448: self = .http11
    case 0x302E_312F_5054_5448: self = .http10
    default: return nil
    }
  }
}
