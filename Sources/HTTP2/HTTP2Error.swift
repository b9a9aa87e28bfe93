// Why a session cannot go on.

/// A failure of a whole session. Nothing may be fed to it afterwards.
public enum HTTP2Error: Error, Equatable, Sendable {
  /// The first bytes are not those of an HTTP/2 client: RFC 9113 section 3.4.
  case badPreface
  /// The peer broke a limit that guards against floods.
  case flood(FloodKind)
  /// The peer broke a rule of the framing layer.
  case protocolViolation(HTTP2ErrorCode)
  case outOfMemory

  /// What GOAWAY says.
  public var code: HTTP2ErrorCode {
    switch self {
    case .badPreface: .protocolError
    case .flood: .enhanceYourCalm
    case .protocolViolation(let code): code
    case .outOfMemory: .internalError
    }
  }
}
