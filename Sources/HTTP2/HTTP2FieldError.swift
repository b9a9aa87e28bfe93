// Rules of RFC 9113 section 8 that a head broke, beyond those that hold for HTTP/1 as well.

/// Why a head of fields is no message.
public enum HTTP2FieldError: UInt8, Error, Sendable, CaseIterable {
  case badFieldName, badFieldValue, connectionField, badTE
  case unknownPseudoField, duplicatePseudoField, missingPseudoField, misplacedPseudoField
  case badMethod, badScheme, badPath, badStatus, lengthMismatch
  case hostMismatch, connectNotSupported, protocolNotSupported, tooLarge

  /// Whether the message is malformed, so that its stream is reset: RFC 9113 section 8.1.1. The
  /// others are answered.
  public var isMalformed: Bool {
    switch self {
    case .hostMismatch, .connectNotSupported, .protocolNotSupported, .tooLarge: false
    default: true
    }
  }

  /// What a client is answered, and what the log says of a stream that was reset.
  public var status: UInt16 {
    switch self {
    case .tooLarge: 431
    case .connectNotSupported, .protocolNotSupported: 501
    default: 400
    }
  }

  /// A stable name for logs, metrics and answers.
  public var reason: StaticString { row.reason }
  /// One sentence for the person who reads the answer.
  public var sentence: StaticString { row.sentence }

  private var row: (reason: StaticString, sentence: StaticString) {
    switch self {
    case .badFieldName: ("http2_field_name", "A field name is not a token in lower case.")
    case .badFieldValue: ("http2_field_value", "A field value holds what it may not hold.")
    case .connectionField: ("http2_connection_field", "HTTP/2 has no fields of the connection.")
    case .badTE: ("http2_te", "TE may say 'trailers' only.")
    case .unknownPseudoField: ("http2_unknown_pseudo_field", "A pseudo-field is unknown.")
    case .duplicatePseudoField: ("http2_duplicate_pseudo_field", "A pseudo-field occurs twice.")
    case .missingPseudoField: ("http2_missing_pseudo_field", "A pseudo-field is missing.")
    case .misplacedPseudoField:
      ("http2_misplaced_pseudo_field", "A pseudo-field stands where none may stand.")
    case .badMethod: ("http2_method", "The method is not a token.")
    case .badScheme: ("http2_scheme", "The scheme is neither http nor https.")
    case .badPath: ("http2_path", "The path neither starts with a slash nor is an asterisk.")
    case .badStatus: ("http2_status", "The status is not a number of three digits.")
    case .lengthMismatch:
      ("http2_length_mismatch", "The body is longer or shorter than its declared length.")
    case .hostMismatch: ("host_mismatch", "Host differs from the host in the target.")
    case .connectNotSupported: ("connect_not_supported", "CONNECT is not supported.")
    case .protocolNotSupported:
      ("protocol_not_supported", "The protocol that CONNECT asks for is not supported.")
    case .tooLarge: ("too_many_fields", "The head has too many fields or bytes.")
    }
  }
}
