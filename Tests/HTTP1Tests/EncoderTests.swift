// What is sent: one framing, nothing that ends at this hop, and nothing that a reader could split
// in two.

import Bytes
import HTTPMessage
import Testing

@testable import HTTP1

@Suite struct EncoderTests {
  /// A request as the parser makes it from `text`.
  private func request(_ text: String) throws -> Request {
    let request = Request(fields: FieldSection(addedBytesMax: 1024))
    var parser = RequestParser(limits: .request, rules: RequestRules())
    let progress = try parser.parse(filled(text.wire), into: request)
    #expect(progress == .done)
    return request
  }

  private func response(_ text: String, to method: Method = .get) throws -> ResponseHead {
    let response = ResponseHead(fields: FieldSection(addedBytesMax: 1024))
    var parser = ResponseParser(limits: .response)
    let progress = try parser.parse(filled(text.wire), into: response, answering: method)
    #expect(progress == .done)
    return response
  }

  private func encode(
    _ request: Request, authority: String = "up", blocks: [FieldBlock] = []
  ) throws(HTTP1Error) -> String {
    var output = Output(capacity: 16)
    let authority = authority.wire
    try RequestEncoder.encode(request, authority: authority.span, blocks: blocks, into: &output)
    return output.bytes.text
  }

  private func encode(
    _ response: ResponseHead, _ framing: BodyFraming, to request: Request, keepsAlive: Bool = true,
    blocks: [FieldBlock] = []
  ) throws(HTTP1Error) -> String {
    var output = Output(capacity: 16)
    try ResponseEncoder.encode(
      response, framing: framing, answering: request, keepsAlive: keepsAlive, blocks: blocks,
      into: &output)
    return output.bytes.text
  }

  private func add(_ fields: FieldSection, _ name: String, _ value: String) {
    let name = name.wire
    let isAdded = fields.add(
      KnownField(name: name.span), name: name.span, value: value.wire.span)
    #expect(isAdded)
  }

  private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test func `a request keeps its fields, and loses what ends at this hop`() throws {
    let request = try request(
      "GET /a?b HTTP/1.1\r\nAccept: x\r\nHost: a\r\nConnection: x-a, keep-alive\r\nX-A: 1\r\n"
        + "Keep-Alive: 5\r\nProxy-Connection: y\r\nTE: trailers\r\nTrailer: t\r\nUpgrade: h2c\r\n"
        + "HTTP2-Settings: z\r\nX-B:2\r\nX_C: 3\r\n\r\n")
    #expect(
      try encode(request) == "GET /a?b HTTP/1.1\r\nHost: up\r\nAccept: x\r\nX-B:2\r\n\r\n")
  }

  @Test(arguments: [
    ("POST", "Content-Length: 0007", "Content-Length: 7\r\n"),
    ("POST", "Transfer-Encoding:  CHUNKED", "Transfer-Encoding: chunked\r\n"),
    ("POST", "A: b", "A: b\r\nContent-Length: 0\r\n"), ("GET", "A: b", "A: b\r\n"),
    ("DELETE", "Content-Length: 0", "Content-Length: 0\r\n"), ("PROPFIND", "A: b", "A: b\r\n"),
  ])
  func `framing is written anew, once`(method: String, line: String, expected: String) throws {
    let request = try request("\(method) / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
    #expect(try encode(request) == "\(method) / HTTP/1.1\r\nHost: up\r\n\(expected)\r\n")
  }

  @Test func `a block replaces what was received of the same fields`() throws {
    var block = FieldBlock()
    let isAdded =
      block.add(name: "Via".wire.span, value: "1.1 s".wire.span)
      && block.add(name: "X-Own".wire.span, value: "1".wire.span)
    #expect(isAdded)
    let request = try request("GET / HTTP/1.1\r\nHost: a\r\nvia: 1.0 x\r\nX-O: 2\r\n\r\n")
    #expect(
      try encode(request, blocks: [block])
        == "GET / HTTP/1.1\r\nHost: up\r\nX-O: 2\r\nVia: 1.1 s\r\nX-Own: 1\r\n\r\n")
  }

  @Test(arguments: ["a\r\nX: y", "a\nb", "a\rb", "\0"])
  func `25: a line break in what was added is never sent`(_ text: String) throws {
    let added = try request(get)
    add(added.fields, "X-A", text)
    #expect(throws: HTTP1Error.unsafeField) { try encode(added) }
    let answer = try response("HTTP/1.1 200 OK\r\n\r\n")
    add(answer.fields, "X-A", text)
    #expect(throws: HTTP1Error.unsafeField) { try encode(answer, .none, to: try request(get)) }
    #expect(throws: HTTP1Error.unsafeField) { try encode(try request(get), authority: text) }
  }

  @Test(arguments: ["/a\r\nX: y", "/a b", "/a\tb", "/\0", ""])
  func `21: a rewritten target with a space or line break is never sent`(_ text: String) throws {
    let request = try request(get)
    let kept = request.fields.keep(text.wire.span)
    request.target = try #require(kept)
    #expect(throws: HTTP1Error.unsafeField) { try encode(request) }
  }

  @Test(arguments: [
    (BodyFraming.length(5), "Content-Length: 5\r\n"), (.chunked, "Transfer-Encoding: chunked\r\n"),
    (.none, "Content-Length: 0\r\n"),
  ])
  func `a response has one framing`(framing: BodyFraming, expected: String) throws {
    let answer = try response(
      "HTTP/1.1 200 Fine\r\nContent-Length: 77\r\nConnection: close, x-a\r\nX-A: b\r\nA: b\r\n\r\n")
    #expect(
      try encode(answer, framing, to: try request(get))
        == "HTTP/1.1 200 OK\r\nA: b\r\n\(expected)\r\n")
  }

  @Test(arguments: [
    ("HTTP/1.1", true, ""), ("HTTP/1.1", false, "Connection: close\r\n"),
    ("HTTP/1.0", true, "Connection: keep-alive\r\n"), ("HTTP/1.0", false, "Connection: close\r\n"),
  ])
  func `Connection says what the version does not`(version: String, stays: Bool, expected: String)
    throws
  {
    let request = try request("GET / \(version)\r\nHost: a\r\n\r\n")
    let answer = try response("HTTP/1.1 404 x\r\n\r\n")
    #expect(
      try encode(answer, .none, to: request, keepsAlive: stays)
        == "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\(expected)\r\n")
  }

  @Test(arguments: ["204 No Content", "304 Not Modified", "100 Continue", "103 Early Hints"])
  func `a status without a body has no framing`(_ status: String) throws {
    let answer = try response("HTTP/1.1 \(status)\r\nA: b\r\n\r\n")
    #expect(
      try encode(answer, .none, to: try request(get)) == "HTTP/1.1 \(status)\r\nA: b\r\n\r\n")
  }

  @Test func `an answer to HEAD, and a 304, keep the length that they tell`() throws {
    let head = try request("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n"
    #expect(try encode(try response(text, to: .head), .none, to: head) == text)
    let notModified = "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n"
    #expect(try encode(try response(notModified), .none, to: try request(get)) == notModified)
    let own = try response("HTTP/1.1 404 x\r\n\r\n", to: .head)
    #expect(
      try encode(own, .length(9), to: head)
        == "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n")
  }

  @Test func `HTTP/1.0 gets no chunks`() {
    #expect(ResponseEncoder.framing(.chunked, for: .http10) == .untilClose)
    #expect(ResponseEncoder.framing(.untilClose, for: .http10) == .untilClose)
    #expect(ResponseEncoder.framing(.untilClose, for: .http11) == .chunked)
    #expect(ResponseEncoder.framing(.length(3), for: .http10) == .length(3))
  }

  @Test(arguments: [100, 101, 199, 200, 299, 308, 404, 418, 429, 431, 451, 499, 500, 511, 599, 999])
  func `a status line reads back as its status`(_ status: Int) throws {
    var output = Output(capacity: 8)
    ResponseEncoder.appendStatusLine(UInt16(status), to: &output)
    output.append("\r\n")
    #expect(try response(output.bytes.text).status == UInt16(status))
  }

  @Test func `chunks and trailers read back as what they hold`() throws {
    let trailers = FieldSection(addedBytesMax: 256)
    add(trailers, "X-Sum", "1")
    add(trailers, "Host", "evil")
    var output = Output(capacity: 8)
    for text in ["hello", String(repeating: "x", count: 255)] {
      ChunkedEncoder.startChunk(of: text.utf8.count, into: &output)
      output.append(text)
      ChunkedEncoder.endChunk(into: &output)
    }
    try ChunkedEncoder.end(trailers: trailers, into: &output)
    let decoded = try #require(try decodeChunked(output.bytes.array).get())
    #expect(decoded.body == "hello" + String(repeating: "x", count: 255))
    #expect(decoded.trailers == ["X-Sum: 1"])
    #expect(decoded.rest.isEmpty)
  }

  @Test func `a trailer with a line break is never sent`() {
    let trailers = FieldSection(addedBytesMax: 256)
    add(trailers, "X-Sum", "1\r\nA: b")
    var output = Output(capacity: 8)
    #expect(throws: HTTP1Error.unsafeField) {
      try ChunkedEncoder.end(trailers: trailers, into: &output)
    }
  }
}
