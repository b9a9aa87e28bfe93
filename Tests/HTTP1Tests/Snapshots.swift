// What a parser made of some bytes, as plain values that tests compare.

import Bytes
import HTTPMessage

@testable import HTTP1

/// A parsed request.
struct RequestSnapshot: Equatable, Sendable {
  var method = ""
  var target = ""
  var path = ""
  var query: String?
  var authority = ""
  var host = ""
  var version = HTTPVersion.http11
  var framing = BodyFraming.none
  var expectsContinue = false
  var keepsAlive = true
  var dropped = 0
  /// Lines that go on, as `name: value`.
  var fields: [String] = []
  /// Bytes behind the head.
  var rest = ""

  init(_ request: Request, rest: String) {
    method = request.text(request.methodText).text
    target = request.text(request.target).text
    path = request.text(request.path).text
    query = request.query.map { request.text($0).text }
    authority = request.text(request.authority).text
    host = request.text(request.host).text
    version = request.version
    framing = request.framing
    expectsContinue = request.expectsContinue
    keepsAlive = request.keepsAlive
    dropped = request.droppedFieldCount
    fields = lines(of: request.fields)
    self.rest = rest
  }
}

/// A parsed response head.
struct ResponseSnapshot: Equatable, Sendable {
  var status: UInt16
  var version: HTTPVersion
  var framing: BodyFraming
  var keepsAlive: Bool
  var fields: [String]
  var rest: String

  init(_ response: ResponseHead, rest: String) {
    status = response.status
    version = response.version
    framing = response.framing
    keepsAlive = response.keepsAlive
    fields = lines(of: response.fields)
    self.rest = rest
  }
}

/// A block that holds `bytes` and a little room.
func filled(_ bytes: [UInt8]) -> Buffer {
  let buffer = Buffer(capacity: bytes.count + 64)
  precondition(buffer.append(bytes.span), "The block is large enough.")
  return buffer
}

func lines(of fields: FieldSection) -> [String] {
  fields.entries.indices.filter { !fields.entries[$0].isRemoved }.map {
    "\(fields.name(at: $0).text): \(fields.value(at: $0).text)"
  }
}

/// Where bytes are cut into reads, and what happens to the window between two of them.
enum Cuts: Sendable {
  case none
  case at(Int)
  case everyByte
  /// Every byte, with the window moved to another place of another block between any two.
  case everyByteMoved
}

/// Feeds `bytes` to `step` in pieces until it returns a value; nil when it still needs more at the
/// end.
func feed<T>(
  _ bytes: [UInt8], _ cuts: Cuts, _ step: (Buffer) throws(HTTP1Error) -> T?
) throws(HTTP1Error) -> T? {
  var buffer = Buffer(capacity: bytes.count + 64)
  var index = 0
  while true {
    var end = bytes.count
    switch cuts {
    case .none: break
    case .at(let cut): if index < cut { end = min(cut, bytes.count) }
    case .everyByte, .everyByteMoved: end = min(index + 1, bytes.count)
    }
    precondition(buffer.append(bytes.span.extracting(index..<end)), "The block is large enough.")
    index = end
    if let result = try step(buffer) { return result }
    if index == bytes.count { return nil }
    if case .everyByteMoved = cuts { buffer = moved(buffer, by: index % 7) }
  }
}

/// The same window in another block, at another offset.
private func moved(_ buffer: Buffer, by distance: Int) -> Buffer {
  let other = Buffer(capacity: buffer.capacity + 8)
  _ = other.append([UInt8](repeating: 0, count: distance).span)
  other.consume(distance)
  precondition(other.append(buffer.bytes), "The new block is larger.")
  return other
}

func parseRequest(
  _ bytes: [UInt8], cuts: Cuts = .none, rules: RequestRules = RequestRules(),
  limits: HeadLimits = .request
) -> Result<RequestSnapshot?, HTTP1Error> {
  let request = Request(fields: FieldSection(addedBytesMax: 16 * 1024))
  var parser = RequestParser(limits: limits, rules: rules)
  do throws(HTTP1Error) {
    let snapshot = try feed(bytes, cuts) { buffer throws(HTTP1Error) -> RequestSnapshot? in
      guard try parser.parse(buffer, into: request) == .done else { return nil }
      return RequestSnapshot(request, rest: buffer.bytes.text)
    }
    return .success(snapshot)
  } catch { return .failure(error) }
}

func parseResponse(
  _ bytes: [UInt8], to method: Method = .get, cuts: Cuts = .none, limits: HeadLimits = .response
) -> Result<ResponseSnapshot?, HTTP1Error> {
  let response = ResponseHead(fields: FieldSection(addedBytesMax: 16))
  var parser = ResponseParser(limits: limits)
  do throws(HTTP1Error) {
    let snapshot = try feed(bytes, cuts) { buffer throws(HTTP1Error) -> ResponseSnapshot? in
      guard try parser.parse(buffer, into: response, answering: method) == .done else { return nil }
      return ResponseSnapshot(response, rest: buffer.bytes.text)
    }
    return .success(snapshot)
  } catch { return .failure(error) }
}

extension String {
  /// The text's bytes; `\u{80}`...`\u{FF}` stand for single bytes.
  var wire: [UInt8] { unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}
