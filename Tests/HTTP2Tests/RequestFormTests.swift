// Heads as they become text: what RFC 9113 section 8 allows, and nothing that the text could hide.

import Bytes
import HTTP2
import Testing

struct RequestFormTests {
  struct Vector: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let fields: [(String, String)]
    /// The text, or the rule that was broken.
    let outcome: Outcome

    init(_ name: String, _ fields: [(String, String)], _ outcome: Outcome) {
      testDescription = name
      self.fields = fields
      self.outcome = outcome
    }
  }

  enum Outcome: Equatable, Sendable {
    case text(String)
    case broken(HTTP2FieldError)
  }

  private static let start = [
    (":method", "GET"), (":scheme", "https"), (":authority", "a.test"), (":path", "/x?y"),
  ]
  private static let line = "GET /x?y HTTP/1.1\r\nhost: a.test\r\n"

  private static func with(_ more: (String, String)...) -> [(String, String)] { start + more }

  private static func replacing(_ name: String, _ value: String?) -> [(String, String)] {
    start.compactMap { field in
      guard field.0 == name else { return field }
      return value.map { (name, $0) }
    }
  }

  static let vectors: [Vector] = [
    Vector("the plain head", start, .text(line + "\r\n")),
    Vector(
      "fields keep their order", with(("b", "1"), ("a", "2")),
      .text(line + "b: 1\r\na: 2\r\n\r\n")),
    Vector(
      "crumbs become one line", with(("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")),
      .text(line + "x: y\r\ncookie: a=1; b=2\r\n\r\n")),
    Vector("the same host twice", with(("host", "A.test")), .text(line + "\r\n")),
    Vector(
      "a host instead of the authority",
      replacing(":authority", nil) + [("host", "b.test")],
      .text("GET /x?y HTTP/1.1\r\nhost: b.test\r\n\r\n")),
    Vector("te: trailers", with(("te", "trailers")), .text(line + "te: trailers\r\n\r\n")),
    Vector("an empty value", with(("x", "")), .text(line + "x: \r\n\r\n")),
    Vector("another host", with(("host", "b.test")), .broken(.hostMismatch)),
    Vector("upper case", with(("X", "y")), .broken(.badFieldName)),
    Vector("an empty name", with(("", "y")), .broken(.badFieldName)),
    Vector("a name with a space", with(("x y", "z")), .broken(.badFieldName)),
    Vector("a name with a colon", with(("x:y", "z")), .broken(.misplacedPseudoField)),
    Vector("a late pseudo-field", with(("x", "y"), (":path", "/")), .broken(.misplacedPseudoField)),
    Vector("two paths", with((":path", "/")), .broken(.duplicatePseudoField)),
    Vector("an unknown pseudo-field", with((":status", "200")), .broken(.unknownPseudoField)),
    Vector("a line feed", with(("x", "a\nb: c")), .broken(.badFieldValue)),
    Vector("a carriage return", with(("x", "a\r")), .broken(.badFieldValue)),
    Vector("a NUL", with(("x", "a\0b")), .broken(.badFieldValue)),
    Vector("a blank in front", with(("x", " a")), .broken(.badFieldValue)),
    Vector("a blank behind", with(("x", "a\t")), .broken(.badFieldValue)),
    Vector("connection", with(("connection", "x")), .broken(.connectionField)),
    Vector("keep-alive", with(("keep-alive", "x")), .broken(.connectionField)),
    Vector("proxy-connection", with(("proxy-connection", "x")), .broken(.connectionField)),
    Vector("transfer-encoding", with(("transfer-encoding", "chunked")), .broken(.connectionField)),
    Vector("upgrade", with(("upgrade", "h2c")), .broken(.connectionField)),
    Vector("te: gzip", with(("te", "gzip")), .broken(.badTE)),
    Vector("no method", replacing(":method", nil), .broken(.missingPseudoField)),
    Vector("no path", replacing(":path", nil), .broken(.missingPseudoField)),
    Vector("no scheme", replacing(":scheme", nil), .broken(.missingPseudoField)),
    Vector("an empty path", replacing(":path", ""), .broken(.badPath)),
    Vector("a path that is an address", replacing(":path", "http://b/"), .broken(.badPath)),
    Vector(
      "a path with a second line", replacing(":path", "/ HTTP/1.1\r\nhost: b"),
      .broken(.badFieldValue)),
    Vector("a method with a space", replacing(":method", "GET /admin"), .broken(.badMethod)),
    Vector("another scheme", replacing(":scheme", "ftp"), .broken(.badScheme)),
    Vector(
      "CONNECT", [(":method", "CONNECT"), (":authority", "a:1")], .broken(.connectNotSupported)),
    Vector(
      "CONNECT with a path", replacing(":method", "CONNECT"), .broken(.misplacedPseudoField)),
  ]

  @Test(arguments: vectors)
  func `a head becomes text or breaks a rule`(_ vector: Vector) throws {
    let peer = try RawPeer()
    try peer.send(
      RawPeer.frame(1, flags: 5, stream: 1, RawPeer.encoded(vector.fields)), takesHeads: false)
    let stream = try #require(peer.stream)
    let head = try #require(stream.takeHead())
    let buffer = Buffer(capacity: 4096)
    let outcome: Outcome
    do throws(HTTP2FieldError) {
      let kind = try RequestForm.write(head, into: buffer, handshakeKey: nil)
      #expect(kind == .request)
      outcome = .text(buffer.bytes.text)
    } catch { outcome = .broken(error) }
    #expect(outcome == vector.outcome)
  }

  private static let connect = [
    (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
    (":authority", "a.test"), (":path", "/x?y"),
  ]
  private static let handshake =
    line + "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: OURS\r\n"

  static let handshakes: [Vector] = [
    Vector("an extended CONNECT", connect, .text(handshake + "\r\n")),
    Vector(
      "its fields", connect + [("sec-websocket-version", "13"), ("cookie", "a=1")],
      .text(handshake + "sec-websocket-version: 13\r\ncookie: a=1\r\n\r\n")),
    Vector(
      "a key of the client's", connect + [("sec-websocket-key", "x")],
      .text(handshake + "\r\n")),
    Vector(
      "another protocol", connect.map { $0.0 == ":protocol" ? ($0.0, "connect-udp") : $0 },
      .broken(.protocolNotSupported)),
    Vector(
      "another case", connect.map { $0.0 == ":protocol" ? ($0.0, "WebSocket") : $0 },
      .broken(.protocolNotSupported)),
    Vector("no path", connect.filter { $0.0 != ":path" }, .broken(.missingPseudoField)),
    Vector("no scheme", connect.filter { $0.0 != ":scheme" }, .broken(.missingPseudoField)),
    Vector("no authority", connect.filter { $0.0 != ":authority" }, .broken(.missingPseudoField)),
    Vector("two protocols", connect + [(":protocol", "x")], .broken(.duplicatePseudoField)),
    Vector("a protocol for GET", with((":protocol", "websocket")), .broken(.misplacedPseudoField)),
    Vector("upgrade", connect + [("upgrade", "websocket")], .broken(.connectionField)),
    Vector(
      "a plain CONNECT", [(":method", "CONNECT"), (":authority", "a:1")],
      .broken(.connectNotSupported)),
    Vector("a plain request", start, .text(line + "\r\n")),
  ]

  @Test(arguments: handshakes)
  func `an extended CONNECT becomes a handshake or breaks a rule`(_ vector: Vector) throws {
    let peer = try RawPeer()
    try peer.send(
      RawPeer.frame(1, flags: 4, stream: 1, RawPeer.encoded(vector.fields)), takesHeads: false)
    let head = try #require(peer.stream?.takeHead())
    let buffer = Buffer(capacity: 4096)
    let outcome: Outcome
    do throws(HTTP2FieldError) {
      let kind = try RequestForm.write(
        head, into: buffer, handshakeKey: { Array("OURS".utf8) })
      #expect((kind == .handshake) == (vector.fields[0].1 == "CONNECT"))
      outcome = .text(buffer.bytes.text)
    } catch { outcome = .broken(error) }
    #expect(outcome == vector.outcome)
  }

  @Test func `a protocol that was not offered is an unknown pseudo-field`() throws {
    let peer = try RawPeer()
    try peer.send(
      RawPeer.frame(1, flags: 4, stream: 1, RawPeer.encoded(Self.connect)), takesHeads: false)
    let head = try #require(peer.stream?.takeHead())
    #expect(throws: HTTP2FieldError.unknownPseudoField) {
      _ = try RequestForm.write(head, into: Buffer(capacity: 4096), handshakeKey: nil)
    }
  }

  @Test func `more fields than the limit are told from a whole head`() throws {
    var settings = HTTP2Settings()
    settings.fieldsMax = 10
    for count in [5, 6, 7] {
      let peer = try RawPeer(settings)
      let fields = Self.start + (0..<count).map { ("x\($0)", "y") }
      try peer.send(
        RawPeer.frame(1, flags: 5, stream: 1, RawPeer.encoded(fields)), takesHeads: false)
      let head = try #require(peer.stream?.takeHead())
      #expect(head.isOverfull == (count > 6))
    }
  }
}
