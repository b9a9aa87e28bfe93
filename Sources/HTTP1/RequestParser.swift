// Heads of requests, as a server reads them: strict and incremental. RFC 9112, RFC 9110. It does no
// I/O and does not read bodies: `ChunkedDecoder` and the connection do.

import Bytes
import HTTPMessage

/// How far a parser came.
public enum ParseProgress: Sendable {
  /// The bytes end before the head does.
  case needsMore
  /// The head is complete and consumed.
  case done
}

/// What a listener decides about requests.
public struct RequestRules: Sendable, Equatable {
  public var path = PathRules()
  public var underscores = UnderscoreRule.drop

  public init() {}
}

/// Reads one request head after another from a connection's buffer.
///
/// **Offsets.** The head stands at the start of the buffer's window until it is complete; the
/// parser keeps positions relative to it and looks at each byte once. Between two calls for one
/// head the caller may append, compact, or go on with another buffer that holds the same window; it
/// may not consume.
///
/// **Errors** are final: the request is unusable, has neither lines nor block, and every further
/// call throws the same. Its ranges say where the request line stands, as far as it was read.
public struct RequestParser {
  private var scanner: HeadScanner
  private let rules: RequestRules
  private let limits: HeadLimits
  private var head = Head()
  private var hasStartLine = false
  private var hasSkippedLine = false
  private var failure: HTTP1Error?

  /// What the lines seen so far say.
  private struct Head {
    var framing = FramingFields()
    var connection = ConnectionOptions()
    /// Where the value of Host stands, from the start of the head.
    var host: Range<Int>?
    var hostCount = 0
    var expects = false
  }

  public init(limits: HeadLimits, rules: RequestRules) {
    scanner = HeadScanner(limits: limits)
    self.limits = limits
    self.rules = rules
  }

  /// Whether part of a head was read and its rest is missing.
  public var isInHead: Bool { !scanner.isAtStart }

  /// Reads on. When it returns `done`, `request` is complete, has `buffer` attached, and the head
  /// is consumed.
  ///
  /// - Parameter request: a request that was reset, and the same one until the head is done.
  public mutating func parse(
    _ buffer: Buffer, into request: Request
  ) throws(HTTP1Error) -> ParseProgress {
    if let failure { throw failure }
    do throws(HTTP1Error) {
      return try advance(buffer, request)
    } catch {
      // The request line stays readable for whoever has the block still: a log tells it.
      request.fields.forgetLines()
      failure = error
      throw error
    }
  }

  private mutating func advance(
    _ buffer: Buffer, _ request: Request
  ) throws(HTTP1Error) -> ParseProgress {
    if scanner.isAtStart {
      try skipEmptyLine(buffer)
      scanner.start(at: buffer.start)
    } else if buffer.start != scanner.origin {
      request.moveReceived(by: scanner.follow(to: buffer.start))
    }
    let bytes = buffer.bytes
    if !hasStartLine {
      guard let line = try scanner.startLine(in: bytes, tooLong: .requestLineTooLong)
      else { return .needsMore }
      let parser = RequestLine(rules: rules.path, origin: scanner.origin)
      try parser.parse(bytes, line: line, into: request)
      hasStartLine = true
    }
    while true {
      switch try scanner.nextField(in: bytes) {
      case .needsMore: return .needsMore
      case .field(let entry, let isAmbiguous):
        try add(entry, isAmbiguous: isAmbiguous, bytes: bytes, request)
      case .end:
        try finish(bytes, request)
        try attach(buffer, request)
        return .done
      }
    }
  }

  /// RFC 9112 section 2.2: one empty line before a request line is ignored; a second one is not.
  private mutating func skipEmptyLine(_ buffer: Buffer) throws(HTTP1Error) {
    guard !hasSkippedLine, buffer.count >= 2 else { return }
    let bytes = buffer.bytes
    guard bytes[0] == ASCII.carriageReturn, bytes[1] == ASCII.lineFeed else { return }
    hasSkippedLine = true
    buffer.consume(2)
  }

  private mutating func add(
    _ received: FieldEntry, isAmbiguous: Bool, bytes: Span<UInt8>, _ request: Request
  ) throws(HTTP1Error) {
    var entry = received
    if isAmbiguous, rules.underscores != .keep {
      guard rules.underscores == .drop else { throw .ambiguousFieldName }
      entry.isRemoved = true
      request.droppedFieldCount += 1
    } else if entry.field != .other {
      let start = entry.value.lowerBound - scanner.origin
      try read(entry, at: start..<start + Int(entry.valueCount), of: bytes, request)
    }
    guard request.fields.appendReceived(entry) else { throw .tooManyFields }
  }

  /// Reads the fields that decide about the message itself.
  private mutating func read(
    _ entry: FieldEntry, at range: Range<Int>, of bytes: Span<UInt8>, _ request: Request
  ) throws(HTTP1Error) {
    let value = bytes.extracting(range)
    switch entry.field {
    case .host:
      guard head.host == nil else { throw .duplicateField }
      guard let authority = Authority(value) else { throw .badHost }
      head.host = range
      head.hostCount = authority.hostCount
    case .contentLength: try head.framing.addLength(value)
    case .transferEncoding: try head.framing.addCoding(value)
    case .connection:
      try head.connection.add(value, protected: ConnectionOptions.protectedInRequests)
    case .expect:
      guard value.equalsName("100-continue") else { throw .expectationFailed }
      head.expects = true
    case .authorization, .origin, .contentType:
      guard !request.fields.present.contains(entry.field) else { throw .duplicateField }
    default: break
    }
  }

  /// Checks what only the whole head tells.
  private mutating func finish(_ bytes: Span<UInt8>, _ request: Request) throws(HTTP1Error) {
    try setAuthority(bytes, request)
    request.framing = try head.framing.requestFraming(version: request.version)
    // RFC 9110 section 9.3.8: a TRACE request has no content.
    if request.method == .trace, request.framing != .none { throw .bodyNotAllowed }
    request.keepsAlive = head.connection.persists(in: request.version)
    if head.connection.upgrades { request.upgrade = .asked }
    // RFC 9110 section 10.1.1: the expectation means nothing in HTTP/1.0, and nothing without a
    // body.
    request.expectsContinue =
      head.expects && request.version != .http10 && request.framing != .none
  }

  /// RFC 9112 section 3.2: the target's authority wins, and Host must say the same.
  private func setAuthority(_ bytes: Span<UInt8>, _ request: Request) throws(HTTP1Error) {
    guard let host = head.host else {
      guard request.version == .http10 else { throw .missingHost }
      return
    }
    guard request.authority.isEmpty else {
      let start = Int(request.authority.start) - scanner.origin
      let authority = bytes.extracting(start..<start + Int(request.authority.count))
      guard authority.equalsIgnoringCase(bytes.extracting(host)) else { throw .hostMismatch }
      return
    }
    let start = scanner.origin + host.lowerBound
    request.authority = TextRange(start: start, count: host.count)
    request.host = TextRange(start: start, count: head.hostCount)
  }

  /// Hands the head over and makes the parser ready for the next one.
  private mutating func attach(_ buffer: Buffer, _ request: Request) throws(HTTP1Error) {
    request.fields.attach(buffer)
    try head.connection.dropNamed(from: request.fields)
    buffer.consume(scanner.position)
    scanner.start(at: 0)
    head = Head()
    hasStartLine = false
    hasSkippedLine = false
  }
}
