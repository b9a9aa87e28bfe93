// Why a message was refused: one row per rule, with the token that logs and answers name it by.
// What happens to the connection is not decided here: after any of these it cannot be used again.

/// A rule of RFC 9112, RFC 9110 or docs/hardening.md that a message broke.
public enum HTTP1Error: UInt8, Error, Sendable, CaseIterable {
  // The first line.
  case badRequestLine, methodTooLong, connectNotSupported, versionNotSupported, requestLineTooLong
  case badTarget, targetTooLong, pathNotCanonical, badQuery, badStatusLine
  // Bytes that no line may hold.
  case bareCR, bareLF, nulByte, controlCharacter
  // Field lines.
  case headTooLarge, fieldTooLong, fieldNameTooLong, tooManyFields, obsFold, spaceBeforeColon
  case emptyFieldName, fieldWithoutColon, badFieldName, ambiguousFieldName, duplicateField
  case missingHost, badHost, hostMismatch, badConnection, protectedConnectionOption
  case expectationFailed
  // Framing.
  case badContentLength, lengthAndChunked, badTransferEncoding, unknownTransferCoding
  case chunkedInHTTP10, bodyNotAllowed
  // Chunked bodies.
  case badChunkSize, chunkSizeOverflow, badChunkExtension, chunkExtensionTooLong, chunkOverhead
  case badChunkEnd, forbiddenTrailer
  // Sending.
  case unsafeField

  /// What a client is answered. The same rule broken by an upstream is answered with 502.
  public var status: UInt16 { row.status }
  /// A stable name for logs, metrics and answers.
  public var reason: StaticString { row.reason }
  /// One sentence for the person who reads the answer.
  public var sentence: StaticString { row.sentence }

  private typealias Row = (status: UInt16, reason: StaticString, sentence: StaticString)

  private var row: Row {
    switch self {
    case .badRequestLine:
      (400, "bad_request_line", "The request line is not: method, target and version.")
    case .methodTooLong: (501, "method_too_long", "The method is longer than any known one.")
    case .connectNotSupported: (501, "connect_not_supported", "CONNECT is not supported.")
    case .versionNotSupported:
      (505, "version_not_supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    case .requestLineTooLong: (414, "request_line_too_long", "The request line is too long.")
    case .badTarget: (400, "bad_target", "The request target has no known form.")
    case .targetTooLong: (414, "target_too_long", "The rewritten target is too long.")
    case .pathNotCanonical: (400, "path_not_canonical", "The path is not in canonical form.")
    case .badQuery: (400, "bad_query", "The query holds bytes that must be percent-encoded.")
    case .badStatusLine: (502, "bad_status_line", "The status line is malformed.")
    case .bareCR: (400, "bare_cr", "A carriage return stands without a line feed.")
    case .bareLF: (400, "bare_lf", "A line feed stands without a carriage return.")
    case .nulByte: (400, "nul_byte", "A NUL byte stands in the head.")
    case .controlCharacter: (400, "control_character", "A control character stands in the head.")
    default: fieldRow
    }
  }

  private var fieldRow: Row {
    switch self {
    case .headTooLarge: (431, "head_too_large", "The head has too many bytes.")
    case .fieldTooLong: (431, "field_too_long", "A field line is too long.")
    case .fieldNameTooLong: (431, "field_name_too_long", "A field name is too long.")
    case .tooManyFields: (431, "too_many_fields", "The head has too many fields.")
    case .obsFold: (400, "obs_fold", "A line starts with a blank.")
    case .spaceBeforeColon: (400, "space_before_colon", "A blank stands before a colon.")
    case .emptyFieldName: (400, "empty_field_name", "A field has no name.")
    case .fieldWithoutColon: (400, "field_without_colon", "A field line has no colon.")
    case .badFieldName: (400, "bad_field_name", "A field name is not a token.")
    case .ambiguousFieldName:
      (400, "ambiguous_field_name", "A field name holds an underscore or a dot.")
    case .duplicateField: (400, "duplicate_field", "A field that may occur once occurs twice.")
    case .missingHost: (400, "missing_host", "The request names no host.")
    case .badHost: (400, "bad_host", "The host is malformed.")
    case .hostMismatch: (400, "host_mismatch", "Host differs from the host in the target.")
    case .badConnection: (400, "bad_connection", "The Connection field is malformed.")
    case .protectedConnectionOption:
      (400, "protected_connection_option", "Connection names a field that may not be dropped.")
    case .expectationFailed:
      (417, "expectation_failed", "Only the expectation 100-continue can be met.")
    default: bodyRow
    }
  }

  private var bodyRow: Row {
    switch self {
    case .badContentLength: (400, "bad_content_length", "Content-Length is not a number.")
    case .lengthAndChunked:
      (400, "length_and_chunked", "Content-Length and Transfer-Encoding exclude each other.")
    case .badTransferEncoding: (400, "bad_transfer_encoding", "Transfer-Encoding is malformed.")
    case .unknownTransferCoding:
      (501, "unknown_transfer_coding", "The only transfer coding known here is chunked.")
    case .chunkedInHTTP10: (400, "chunked_in_http10", "HTTP/1.0 knows no transfer codings.")
    case .bodyNotAllowed: (400, "body_not_allowed", "This message may not have a body.")
    case .badChunkSize: (400, "bad_chunk_size", "A chunk size is not a hexadecimal number.")
    case .chunkSizeOverflow: (400, "chunk_size_overflow", "A chunk size is too large.")
    case .badChunkExtension: (400, "bad_chunk_extension", "A chunk extension is malformed.")
    case .chunkExtensionTooLong:
      (400, "chunk_extension_too_long", "A chunk has too many bytes of extensions.")
    case .chunkOverhead: (400, "chunk_overhead", "The body has too many bytes of framing.")
    case .badChunkEnd: (400, "bad_chunk_end", "A chunk does not end where its size says.")
    case .forbiddenTrailer: (400, "forbidden_trailer", "A trailer may not hold that field.")
    case .unsafeField: (500, "unsafe_field", "A field to be sent holds a line break.")
    default: preconditionFailure("Every rule has its row.")
    }
  }
}
