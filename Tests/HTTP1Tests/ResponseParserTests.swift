// What responses of upstreams mean, and which of them are refused.

import HTTPMessage
import Testing

@testable import HTTP1

struct ResponseVector: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String
  let error: HTTP1Error

  init(_ name: String, _ text: String, _ error: HTTP1Error) {
    self.name = name
    self.text = text
    self.error = error
  }

  var testDescription: String { name }
}

private func fields(_ lines: String, _ status: String = "200 OK") -> String {
  "HTTP/1.1 \(status)\r\n\(lines)\r\n"
}

private let refused: [ResponseVector] = [
  ResponseVector("no space behind the status", "HTTP/1.1 200\r\n\r\n", .badStatusLine),
  ResponseVector("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", .badStatusLine),
  ResponseVector("a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", .badStatusLine),
  ResponseVector("a status below 100", "HTTP/1.1 099 OK\r\n\r\n", .badStatusLine),
  ResponseVector("a signed status", "HTTP/1.1 +20 OK\r\n\r\n", .badStatusLine),
  ResponseVector("two spaces", "HTTP/1.1  200 OK\r\n\r\n", .badStatusLine),
  ResponseVector("HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", .badStatusLine),
  ResponseVector("ICY", "ICY 200 OK and more\r\n\r\n", .badStatusLine),
  ResponseVector("an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", .badStatusLine),
  ResponseVector("no status line", "hello\r\n\r\n", .badStatusLine),
  ResponseVector("a bare LF", "HTTP/1.1 200 OK\nA: b\r\n\r\n", .bareLF),
  ResponseVector("a bare CR", "HTTP/1.1 200 OK\rA: b\r\n\r\n", .bareCR),
  ResponseVector("NUL in the reason", "HTTP/1.1 200 O\0\r\n\r\n", .nulByte),
  ResponseVector("NUL in a value", fields("A: \0\r\n"), .nulByte),
  ResponseVector("a folded line", fields("A: b\r\n c\r\n"), .obsFold),
  ResponseVector("a space before a colon", fields("A : b\r\n"), .spaceBeforeColon),
  ResponseVector("an empty name", fields(": b\r\n"), .emptyFieldName),
  ResponseVector("CR and another byte end the head", fields("\rX"), .bareCR),
  ResponseVector(
    "length and chunked", fields("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
    .lengthAndChunked),
  ResponseVector(
    "two equal lengths", fields("Content-Length: 1\r\nContent-Length: 1\r\n"), .duplicateField),
  ResponseVector("a signed length", fields("Content-Length: +1\r\n"), .badContentLength),
  ResponseVector("a list of lengths", fields("Content-Length: 1,1\r\n"), .badContentLength),
  ResponseVector("an empty length", fields("Content-Length: \r\n"), .badContentLength),
  ResponseVector(
    "chunked is not last", fields("Transfer-Encoding: chunked, gzip\r\n"), .badTransferEncoding),
  ResponseVector(
    "gzip and chunked", fields("Transfer-Encoding: gzip, chunked\r\n"), .unknownTransferCoding),
  ResponseVector(
    "chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    .chunkedInHTTP10),
  ResponseVector("204 with a length", fields("Content-Length: 1\r\n", "204 x"), .bodyNotAllowed),
  ResponseVector(
    "204 with chunks", fields("Transfer-Encoding: chunked\r\n", "204 x"), .bodyNotAllowed),
  ResponseVector("100 with a length", fields("Content-Length: 1\r\n", "100 x"), .bodyNotAllowed),
  ResponseVector(
    "Connection names the framing", fields("Connection: content-length\r\n"),
    .protectedConnectionOption),
  ResponseVector("Connection is no list", fields("Connection: a b\r\n"), .badConnection),
  ResponseVector(
    "two content types", fields("Content-Type: a/b\r\nContent-Type: a/c\r\n"), .duplicateField),
]

@Suite struct ResponseParserTests {
  private func parse(_ text: String, to method: Method = .get) throws -> ResponseSnapshot {
    try #require(try parseResponse(text.wire, to: method).get())
  }

  @Test func `a plain response fills every property`() throws {
    let response = try parse("HTTP/1.1 404 Not \u{E9}\r\nContent-Length: 3\r\nA_b: \r\n\r\nabc")
    #expect(response.status == 404)
    #expect(response.version == .http11)
    #expect(response.framing == .length(3))
    #expect(response.keepsAlive)
    #expect(response.fields == ["Content-Length: 3", "A_b: "])
    #expect(response.rest == "abc")
  }

  @Test(arguments: refused)
  func `a response that breaks a rule is refused by that rule, whatever the cuts`(
    _ vector: ResponseVector
  ) {
    let bytes = vector.text.wire
    for cuts in [Cuts.none, .everyByte, .everyByteMoved] {
      #expect(parseResponse(bytes, cuts: cuts) == .failure(vector.error))
    }
    for cut in 1..<bytes.count {
      #expect(parseResponse(bytes, cuts: .at(cut)) == .failure(vector.error))
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: X-A\r\nX-A: 1\r\n\r\n",
    "HTTP/1.0 503 \r\nRetry-After: 1\r\n\r\n",
    "HTTP/1.1 999 ?\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n",
  ])
  func `a response is the same wherever it is cut`(_ text: String) throws {
    let bytes = text.wire
    let whole = try parse(text)
    for cut in 1..<bytes.count {
      #expect(try parseResponse(bytes, cuts: .at(cut)).get() == whole)
      #expect(try parseResponse(Array(bytes[..<cut])).get() == nil)
    }
    #expect(try parseResponse(bytes, cuts: .everyByteMoved).get() == whole)
  }

  @Test(arguments: [
    (Method.get, "200", "Content-Length: 5", BodyFraming.length(5)),
    (.get, "200", "Content-Length: 0", .none),
    (.get, "200", "Transfer-Encoding: chunked", .chunked),
    (.get, "200", "A: b", .untilClose), (.head, "200", "Content-Length: 5", .none),
    (.head, "200", "A: b", .none), (.head, "200", "Transfer-Encoding: chunked", .none),
    (.get, "304", "Content-Length: 5", .none), (.get, "204", "A: b", .none),
    (.get, "204", "Content-Length: 0", .none), (.get, "100", "A: b", .none),
    (.get, "103", "Link: x", .none), (.post, "205", "Content-Length: 0", .none),
  ])
  func `framing follows status, method and fields`(
    method: Method, status: String, line: String, framing: BodyFraming
  ) throws {
    let response = try parse("HTTP/1.1 \(status) x\r\n\(line)\r\n\r\n", to: method)
    #expect(response.framing == framing)
    #expect(response.keepsAlive == (framing != .untilClose))
  }

  @Test(arguments: [
    ("1.1", "", true), ("1.1", "close", false), ("1.0", "", false), ("1.0", "keep-alive", true),
  ])
  func `a connection persists as its version and options say`(
    version: String, options: String, persists: Bool
  ) throws {
    let line = options.isEmpty ? "" : "Connection: \(options)\r\n"
    let text = "HTTP/\(version) 200 OK\r\nContent-Length: 0\r\n\(line)\r\n"
    #expect(try parse(text).keepsAlive == persists)
  }

  @Test func `interim and final heads are read one after the other`() throws {
    let interim = try parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    #expect(interim.status == 100)
    #expect(try parse(interim.rest).status == 204)
  }

  @Test(arguments: [(-1, nil), (0, nil), (1, HTTP1Error.headTooLarge)])
  func `a head of 65,535 bytes is the largest`(excess: Int, error: HTTP1Error?) {
    let start = "HTTP/1.1 200 OK\r\nA: "
    let count = 65_535 + excess - start.utf8.count - 4
    let text = start + String(repeating: "a", count: count) + "\r\n\r\n"
    switch parseResponse(text.wire) {
    case .success(let response):
      #expect(error == nil && response?.fields.first?.utf8.count == count + 3)
    case .failure(let failure): #expect(failure == error)
    }
  }
}
