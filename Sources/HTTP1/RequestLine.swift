// The request line and the forms of its target. RFC 9112 section 3. Whatever the form, the request
// ends up with an origin-form target and, where it was given, an authority.

import Bytes
import HTTPMessage

/// Reads one complete request line into a request.
struct RequestLine {
  /// Bytes of a method; the longest registered one, UPDATEREDIRECTREF, has 17.
  static let methodBytesMax = 32

  let rules: PathRules
  /// Offset of the first byte of the head in its block.
  let origin: Int

  /// Fills method, target, version and, from an absolute-form target, the authority of `request`.
  func parse(
    _ bytes: Span<UInt8>, line: Range<Int>, into request: Request
  ) throws(HTTP1Error) {
    let methodEnd = bytes.firstIndex(of: ASCII.space, from: line.lowerBound)
    guard methodEnd < line.upperBound else { throw .badRequestLine }
    let method = bytes.extracting(line.lowerBound..<methodEnd)
    guard FieldSyntax.isToken(method) else { throw .badRequestLine }
    guard method.count <= Self.methodBytesMax else { throw .methodTooLong }
    // Behind the method: a space, at least one byte of target, a space, and a version of eight
    // bytes.
    guard line.upperBound - methodEnd >= 11 else { throw .badRequestLine }
    let targetEnd = line.upperBound - 9
    guard bytes[targetEnd] == ASCII.space else { throw .badRequestLine }
    request.version = try Self.version(bytes, at: targetEnd + 1)
    request.method = Method(token: method)
    request.methodText = range(line.lowerBound..<methodEnd)
    try parseTarget(bytes, methodEnd + 1..<targetEnd, into: request)
  }

  private static func version(
    _ bytes: Span<UInt8>, at index: Int
  ) throws(HTTP1Error) -> HTTPVersion {
    let text = bytes.extracting(index..<index + 8)
    if let version = HTTPVersion(http1: text) { return version }
    let isVersion =
      text.extracting(0..<5).equals("HTTP/") && ASCII.isDigit(text[5]) && text[6] == 0x2E
      && ASCII.isDigit(text[7])
    throw isVersion ? .versionNotSupported : .badRequestLine
  }

  private func range(_ range: Range<Int>) -> TextRange {
    TextRange(start: origin + range.lowerBound, count: range.count)
  }

  private func parseTarget(
    _ bytes: Span<UInt8>, _ target: Range<Int>, into request: Request
  ) throws(HTTP1Error) {
    guard request.method != .connect else { throw .connectNotSupported }
    let first = bytes[target.lowerBound]
    if first == 0x2F { return try setTarget(bytes, target, into: request) }
    if first == 0x2A, target.count == 1, request.method == .options {
      request.target = range(target)
      request.path = request.target
      return
    }
    try parseAbsolute(bytes, target, into: request)
  }

  /// `http://authority/path?query`: RFC 9112 section 3.2.2.
  private func parseAbsolute(
    _ bytes: Span<UInt8>, _ target: Range<Int>, into request: Request
  ) throws(HTTP1Error) {
    let text = bytes.extracting(target)
    let schemeCount =
      if text.count > 7, text.extracting(0..<7).equalsIgnoringCase("http://") {
        7
      } else if text.count > 8, text.extracting(0..<8).equalsIgnoringCase("https://") {
        8
      } else { throw .badTarget }
    var end = schemeCount
    while end < text.count, text[end] != 0x2F, text[end] != 0x3F { end += 1 }
    guard let authority = Authority(text.extracting(schemeCount..<end)) else { throw .badHost }
    let start = target.lowerBound + schemeCount
    request.authority = range(start..<target.lowerBound + end)
    request.host = range(start..<start + authority.hostCount)
    if end < text.count, text[end] == 0x2F {
      return try setTarget(bytes, target.lowerBound + end..<target.upperBound, into: request)
    }
    var completed = Output(capacity: text.count - end + 1)
    // RFC 9112 section 3.2.4: for OPTIONS an authority alone stands for the server as a whole.
    let isServerWide = request.method == .options && end == text.count
    completed.append(isServerWide ? "*" : "/")
    completed.append(text.extracting(end..<text.count))
    try keep(completed.bytes, pathCount: 1, into: request)
    if end < text.count { try Self.checkQuery(text.extracting(end + 1..<text.count)) }
  }

  private func setTarget(
    _ bytes: Span<UInt8>, _ target: Range<Int>, into request: Request
  ) throws(HTTP1Error) {
    let text = bytes.extracting(target)
    let pathCount = text.firstIndex(of: 0x3F, from: 0)
    let path = text.extracting(0..<pathCount)
    if pathCount < text.count { try Self.checkQuery(text.extracting(pathCount + 1..<text.count)) }
    switch rules.verdict(on: path) {
    case .refused:
      // It is never matched or forwarded; the log tells what was refused.
      request.target = range(target)
      setParts(of: request, pathCount: pathCount)
      throw .pathNotCanonical
    case .canonical:
      request.target = range(target)
      setParts(of: request, pathCount: pathCount)
    case .equivalent:
      var rewritten = Output(capacity: text.count)
      guard rules.rewrite(path, into: &rewritten) else { throw .pathNotCanonical }
      let count = rewritten.count
      rewritten.append(text.extracting(pathCount..<text.count))
      try keep(rewritten.bytes, pathCount: count, into: request)
    }
  }

  private func keep(
    _ target: Span<UInt8>, pathCount: Int, into request: Request
  ) throws(HTTP1Error) {
    guard let kept = request.fields.keep(target) else { throw .targetTooLong }
    request.target = kept
    setParts(of: request, pathCount: pathCount)
  }

  /// Sets path and query from the target, of which the path is the first `pathCount` bytes.
  private func setParts(of request: Request, pathCount: Int) {
    let target = request.target
    let start = Int(target.start)
    request.path = TextRange(start: start, count: pathCount, isAdded: target.isAdded)
    let rest = Int(target.count) - pathCount
    guard rest > 0 else { return }
    request.query = TextRange(
      start: start + pathCount + 1, count: rest - 1, isAdded: target.isAdded)
  }

  private static func checkQuery(_ query: Span<UInt8>) throws(HTTP1Error) {
    var index = 0
    while true {
      index = query.firstNonNameByte(from: index)
      guard index < query.count else { return }
      if ByteSet.query.contains(query[index]) {
        index &+= 1
      } else {
        guard query[index] == 0x25, index < query.count &- 2,
          ASCII.hexValue(query[index &+ 1]) != nil, ASCII.hexValue(query[index &+ 2]) != nil
        else { throw .badQuery }
        index &+= 3
      }
    }
  }
}
