// Content-Length and Transfer-Encoding: RFC 9112 section 6. Everything that two parsers could read
// differently is refused.

import Bytes
import HTTPMessage

/// The framing fields of one head as they come in.
struct FramingFields {
  /// The value of Content-Length, once there is one.
  private(set) var length: UInt64?
  /// Whether there is a Transfer-Encoding, which then is `chunked`.
  private(set) var isChunked = false

  mutating func addLength(_ value: Span<UInt8>) throws(HTTP1Error) {
    guard length == nil else { throw .duplicateField }
    // Nineteen digits cannot overflow 64 bits.
    guard !value.isEmpty, value.count <= 19 else { throw .badContentLength }
    var number: UInt64 = 0
    for index in 0..<value.count {
      guard ASCII.isDigit(value[index]) else { throw .badContentLength }
      number = number &* 10 &+ UInt64(value[index] &- 48)
    }
    // Sums of lengths stay within an Int64 everywhere.
    guard number <= UInt64(Int64.max) else { throw .badContentLength }
    length = number
  }

  mutating func addCoding(_ value: Span<UInt8>) throws(HTTP1Error) {
    guard !isChunked else { throw .badTransferEncoding }
    guard value.equalsIgnoringCase("chunked") else { throw Self.refusal(of: value) }
    isChunked = true
  }

  /// The framing of a request: RFC 9112 section 6.3. Without these fields it has no body.
  func requestFraming(version: HTTPVersion) throws(HTTP1Error) -> BodyFraming {
    try checkCodings(version: version)
    if isChunked { return .chunked }
    guard let length, length > 0 else { return .none }
    return .length(length)
  }

  /// The framing of a response that may have a body. Without these fields it ends with the
  /// connection.
  func responseFraming(version: HTTPVersion) throws(HTTP1Error) -> BodyFraming {
    try checkCodings(version: version)
    if isChunked { return .chunked }
    guard let length else { return .untilClose }
    return length > 0 ? .length(length) : .none
  }

  private func checkCodings(version: HTTPVersion) throws(HTTP1Error) {
    guard isChunked else { return }
    guard version != .http10 else { throw .chunkedInHTTP10 }
    guard length == nil else { throw .lengthAndChunked }
  }

  /// A list of other codings without `chunked`, or with it at the end, is well-formed and unknown;
  /// all else is malformed.
  private static func refusal(of value: Span<UInt8>) -> HTTP1Error {
    var tokens = ListTokens()
    var count = 0
    var isLastChunked = false
    do throws(HTTP1Error) {
      while let range = try tokens.next(in: value) {
        if isLastChunked { return .badTransferEncoding }
        isLastChunked = value.extracting(range).equalsIgnoringCase("chunked")
        count += 1
      }
    } catch { return .badTransferEncoding }
    // `chunked` with a stray comma is neither.
    return count == 0 || (count == 1 && isLastChunked)
      ? .badTransferEncoding : .unknownTransferCoding
  }
}
