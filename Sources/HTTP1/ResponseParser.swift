// Heads of responses, as a client of upstreams reads them. RFC 9112 sections 4 and 6.3. As strict
// as towards clients: an upstream that breaks a rule is answered for with 502, and its connection
// is not used again.

import Bytes
import HTTPMessage

/// Reads one response head after another, interim ones included, from a connection's buffer.
///
/// Offsets and errors are as in `RequestParser`.
public struct ResponseParser {
  private var scanner: HeadScanner
  private let limits: HeadLimits
  private var framing = FramingFields()
  private var connection = ConnectionOptions()
  private var hasStartLine = false
  private var failure: HTTP1Error?

  public init(limits: HeadLimits) {
    scanner = HeadScanner(limits: limits)
    self.limits = limits
  }

  /// Whether part of a head was read and its rest is missing.
  public var isInHead: Bool { !scanner.isAtStart }

  /// Reads on. When it returns `done`, `response` is complete, has `buffer` attached, and the head
  /// is consumed.
  ///
  /// - Parameters:
  ///   - response: a head that was reset, and the same one until the head is done.
  ///   - method: the method of the request that is answered: an answer to HEAD has no body.
  public mutating func parse(
    _ buffer: Buffer, into response: ResponseHead, answering method: Method
  ) throws(HTTP1Error) -> ParseProgress {
    if let failure { throw failure }
    do throws(HTTP1Error) {
      return try advance(buffer, response, method)
    } catch {
      response.fields.reset()
      failure = error
      throw error
    }
  }

  private mutating func advance(
    _ buffer: Buffer, _ response: ResponseHead, _ method: Method
  ) throws(HTTP1Error) -> ParseProgress {
    if scanner.isAtStart {
      scanner.start(at: buffer.start)
    } else if buffer.start != scanner.origin {
      response.fields.moveReceived(by: scanner.follow(to: buffer.start))
    }
    let bytes = buffer.bytes
    if !hasStartLine {
      guard let line = try scanner.startLine(in: bytes, tooLong: .badStatusLine)
      else { return .needsMore }
      try Self.parseStatusLine(bytes.extracting(line), into: response)
      hasStartLine = true
    }
    while true {
      switch try scanner.nextField(in: bytes) {
      case .needsMore: return .needsMore
      case .field(let entry, _): try add(entry, bytes, response)
      case .end:
        try finish(response, method)
        try attach(buffer, response)
        return .done
      }
    }
  }

  /// `HTTP/1.1 200 OK`; the reason may be empty, the space before it may not be missing.
  private static func parseStatusLine(
    _ line: Span<UInt8>, into response: ResponseHead
  ) throws(HTTP1Error) {
    guard line.count >= 13, line[8] == ASCII.space, line[12] == ASCII.space,
      let version = HTTPVersion(http1: line.extracting(0..<8))
    else { throw .badStatusLine }
    var status: UInt16 = 0
    for index in 9..<12 {
      guard ASCII.isDigit(line[index]) else { throw .badStatusLine }
      status = status * 10 + UInt16(line[index] - 48)
    }
    guard status >= 100 else { throw .badStatusLine }
    response.version = version
    response.status = status
  }

  private mutating func add(
    _ entry: FieldEntry, _ bytes: Span<UInt8>, _ response: ResponseHead
  ) throws(HTTP1Error) {
    let start = entry.value.lowerBound - scanner.origin
    let range = start..<start + Int(entry.valueCount)
    switch entry.field {
    case .contentLength: try framing.addLength(bytes.extracting(range))
    case .transferEncoding: try framing.addCoding(bytes.extracting(range))
    case .connection:
      try connection.add(
        bytes.extracting(range), protected: ConnectionOptions.protectedInResponses)
    case .contentType:
      guard !response.fields.present.contains(.contentType) else { throw .duplicateField }
    default: break
    }
    guard response.fields.appendReceived(entry) else { throw .tooManyFields }
  }

  /// RFC 9112 section 6.3, in its order.
  private func finish(_ response: ResponseHead, _ method: Method) throws(HTTP1Error) {
    let declared = try framing.responseFraming(version: response.version)
    response.keepsAlive = connection.persists(in: response.version)
    if connection.upgrades { response.upgrades = true }
    let status = response.status
    if status < 200 || status == 204 {
      // These have no body, whoever asks; one that declares a body anyway has two readings.
      guard !framing.isChunked, framing.length ?? 0 == 0 else { throw .bodyNotAllowed }
      response.framing = .none
    } else if status == 304 || method == .head {
      response.framing = .none
    } else {
      response.framing = declared
      if declared == .untilClose { response.keepsAlive = false }
    }
  }

  /// Hands the head over and makes the parser ready for the next one.
  private mutating func attach(
    _ buffer: Buffer, _ response: ResponseHead
  ) throws(HTTP1Error) {
    response.fields.attach(buffer)
    try connection.dropNamed(from: response.fields)
    buffer.consume(scanner.position)
    scanner.start(at: 0)
    framing = FramingFields()
    connection = ConnectionOptions()
    hasStartLine = false
  }
}
