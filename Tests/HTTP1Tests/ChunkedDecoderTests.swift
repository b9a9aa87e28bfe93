// Chunked bodies: what they hold, what is refused, and that neither depends on the cuts.

import Bytes
import HTTPMessage
import Testing

@testable import HTTP1

/// What a chunked body decoded to.
struct ChunkedSnapshot: Equatable, Sendable {
  var body = ""
  var trailers: [String] = []
  var rest = ""
}

func decodeChunked(
  _ bytes: [UInt8], cuts: Cuts = .none, limits: ChunkLimits = ChunkLimits(), taking step: Int = .max
) -> Result<ChunkedSnapshot?, HTTP1Error> {
  var decoder = ChunkedDecoder(limits: limits, trailers: .trailers)
  let trailers = FieldSection(addedBytesMax: 16)
  var snapshot = ChunkedSnapshot()
  do throws(HTTP1Error) {
    let result = try feed(bytes, cuts) { buffer throws(HTTP1Error) -> ChunkedSnapshot? in
      while true {
        switch try decoder.next(buffer) {
        case .needsMore: return nil
        case .data(let count):
          let taken = min(count, step)
          snapshot.body += buffer.bytes.extracting(0..<taken).text
          decoder.take(taken, from: buffer)
        case .trailers:
          guard try decoder.parseTrailers(buffer, into: trailers) == .done else { return nil }
          snapshot.trailers = lines(of: trailers)
        case .end:
          snapshot.rest = buffer.bytes.text
          return snapshot
        }
      }
    }
    return .success(result)
  } catch { return .failure(error) }
}

struct ChunkVector: Sendable, CustomTestStringConvertible {
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

private let refused: [ChunkVector] =
  [
    ChunkVector("5: a positive sign", "+5\r\nhello\r\n0\r\n\r\n", .badChunkSize),
    ChunkVector("5: a negative sign", "-1\r\n", .badChunkSize),
    ChunkVector("5: 0x", "0x5\r\nhello\r\n0\r\n\r\n", .badChunkSize),
    ChunkVector("5: an underscore", "1_0\r\n", .badChunkSize),
    ChunkVector("5: a leading space", " 5\r\nhello\r\n", .badChunkSize),
    ChunkVector("5: a trailing space", "5 \r\nhello\r\n", .badChunkSize),
    ChunkVector("5: a trailing tab", "5\t\r\nhello\r\n", .badChunkSize),
    ChunkVector("5: a space before an extension", "5 ;a\r\nhello\r\n", .badChunkSize),
    ChunkVector("5: 17 digits", "00000000000000005\r\nhello\r\n", .chunkSizeOverflow),
    ChunkVector("5: 16 digits above 63 bits", "8000000000000000\r\n", .chunkSizeOverflow),
    ChunkVector("5: all ones", "FFFFFFFFFFFFFFFF\r\n", .chunkSizeOverflow),
    ChunkVector("no size", "\r\nhello", .badChunkSize),
    ChunkVector("an extension without a size", ";a\r\n", .badChunkSize),
    ChunkVector("a letter that is no digit", "g\r\n", .badChunkSize),
    ChunkVector("a comma", "1,2\r\n", .badChunkSize),
    ChunkVector("7: a bare LF behind the size", "5\nhello\r\n", .badChunkSize),
    ChunkVector("7: a bare CR behind the size", "5\rhello\r\n", .badChunkSize),
    ChunkVector("7: two CRs behind the size", "5\r\r\nhello\r\n", .badChunkSize),
    ChunkVector("8: a bare LF in an extension", "5;a\nhello\r\n", .badChunkExtension),
    ChunkVector("8: a bare CR in an extension", "5;a\rb\r\nhello\r\n", .badChunkSize),
    ChunkVector("8: NUL in an extension", "5;a\0\r\nhello\r\n", .badChunkExtension),
    ChunkVector("8: an empty extension", "5;\r\nhello\r\n", .badChunkExtension),
    ChunkVector(
      "8: 257 bytes of extension", "5;" + String(repeating: "a", count: 257) + "\r\n",
      .chunkExtensionTooLong),
    ChunkVector("data longer than its size", "5\r\nhello!\r\n0\r\n\r\n", .badChunkEnd),
    ChunkVector("data shorter than its size", "5\r\nhel\r\n0\r\n\r\n", .badChunkEnd),
    ChunkVector("a bare LF behind data", "5\r\nhello\n0\r\n\r\n", .badChunkEnd),
    ChunkVector("a bare CR behind data", "5\r\nhello\r0\r\n\r\n", .badChunkEnd),
    ChunkVector("a bare LF ends the body", "0\r\n\n", .bareLF),
    ChunkVector("12: CR and another byte end the body", "0\r\n\rX", .badChunkEnd),
    ChunkVector("a trailer without a colon", "0\r\nA\r\n\r\n", .fieldWithoutColon),
    ChunkVector("a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", .obsFold),
    ChunkVector("a space before a trailer's colon", "0\r\nA : b\r\n\r\n", .spaceBeforeColon),
    ChunkVector("data behind the last chunk", "0\r\nhello\r\n\r\n", .fieldWithoutColon),
    ChunkVector("a request as a trailer", "0\r\nGET / HTTP/1.1\r\n\r\n", .spaceBeforeColon),
    ChunkVector("an underscore in a trailer", "0\r\nA_b: c\r\n\r\n", .forbiddenTrailer),
    ChunkVector(
      "33 trailers", "0\r\n" + String(repeating: "A: b\r\n", count: 33) + "\r\n", .tooManyFields),
    ChunkVector(
      "a trailer of 4097 bytes", "0\r\nA: " + String(repeating: "a", count: 4094) + "\r\n\r\n",
      .fieldTooLong),
  ]
  + [
    "Host", "content-length", "Transfer-Encoding", "Authorization", "Content-Type", "Set-Cookie",
    "Connection", "Trailer", "X-Forwarded-For", "Cookie", "TE", "Upgrade", "Expect",
  ].map { ChunkVector("trailer \($0)", "0\r\n\($0): x\r\n\r\n", .forbiddenTrailer) }

@Suite struct ChunkedDecoderTests {
  private static let valid: [(String, ChunkedSnapshot)] = [
    ("0\r\n\r\n", ChunkedSnapshot()),
    ("5\r\nhello\r\n0\r\n\r\nGET", ChunkedSnapshot(body: "hello", rest: "GET")),
    (
      "a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n",
      ChunkedSnapshot(body: "01234567890123456789")
    ),
    ("0000000000000002;a=b;c=\"d e\t\"\r\n\r\n\r\n0;x\r\n\r\n", ChunkedSnapshot(body: "\r\n")),
    (
      "1\r\nx\r\n0\r\nX-Sum: 1\r\nGrpc-Status:0\r\n\r\n0",
      ChunkedSnapshot(body: "x", trailers: ["X-Sum: 1", "Grpc-Status: 0"], rest: "0")
    ),
  ]

  @Test func `good bodies are read, whatever the cuts and however much is taken`() throws {
    for (text, expected) in Self.valid {
      let bytes = text.wire
      #expect(try decodeChunked(bytes).get() == expected)
      #expect(try decodeChunked(bytes, taking: 1).get() == expected)
      var withoutRest = expected
      withoutRest.rest = ""
      for cuts in [Cuts.everyByte, .everyByteMoved] {
        #expect(try decodeChunked(bytes, cuts: cuts).get() == withoutRest)
      }
      let end = bytes.count - expected.rest.utf8.count
      for cut in 1..<end {
        #expect(try decodeChunked(Array(bytes[..<cut])).get() == nil)
        var cutResult = try #require(try decodeChunked(bytes, cuts: .at(cut)).get())
        cutResult.rest = ""
        #expect(cutResult == withoutRest)
      }
    }
  }

  @Test(arguments: refused)
  func `a body that breaks a rule is refused by that rule, whatever the cuts`(
    _ vector: ChunkVector
  ) {
    let bytes = vector.text.wire
    for cuts in [Cuts.none, .everyByte, .everyByteMoved] {
      #expect(decodeChunked(bytes, cuts: cuts) == .failure(vector.error))
    }
    for cut in 1..<min(bytes.count, 300) {
      #expect(decodeChunked(bytes, cuts: .at(cut)) == .failure(vector.error))
    }
  }

  @Test(arguments: [(255, nil), (256, nil), (257, HTTP1Error.chunkExtensionTooLong)])
  func `extensions of one chunk are bounded`(count: Int, error: HTTP1Error?) {
    let text = "1;" + String(repeating: "e", count: count) + "\r\nx\r\n0\r\n\r\n"
    switch decodeChunked(text.wire) {
    case .success(let body): #expect(error == nil && body?.body == "x")
    case .failure(let failure): #expect(failure == error)
    }
  }

  @Test func `extensions of a whole body are bounded, short chunks are not`() {
    let heavy = String(
      repeating: "1;" + String(repeating: "e", count: 200) + "\r\nx\r\n", count: 90)
    #expect(decodeChunked((heavy + "0\r\n\r\n").wire) == .failure(.chunkOverhead))
    let light = String(
      repeating: "1;" + String(repeating: "e", count: 10) + "\r\nx\r\n", count: 9000)
    #expect(throws: Never.self) { try decodeChunked((light + "0\r\n\r\n").wire).get() }
  }

  @Test func `a million chunks of one byte take a constant stack`() throws {
    let chunk: StaticString = "1\r\nx\r\n"
    let buffer = Buffer(capacity: 6 * 1000)
    var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
    var total = 0
    for _ in 0..<1000 {
      buffer.clear()
      while buffer.append(chunk) {}
      while case .data(let count) = try decoder.next(buffer) {
        decoder.take(count, from: buffer)
        total += count
      }
    }
    #expect(total == 1_000_000)
  }

  @Test func `asking again without taking gives the same data`() throws {
    let buffer = Buffer(capacity: 64)
    _ = buffer.append("4\r\nabcd\r\n0\r\n\r\n")
    var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
    #expect(try decoder.next(buffer) == .data(4))
    #expect(try decoder.next(buffer) == .data(4))
    decoder.take(3, from: buffer)
    #expect(try decoder.next(buffer) == .data(1))
    decoder.take(1, from: buffer)
    #expect(try decoder.next(buffer) == .end)
    #expect(try decoder.next(buffer) == .end)
    #expect(decoder.isEnded)
  }

  @Test func `a decoder that failed fails at once ever after`() {
    let buffer = Buffer(capacity: 64)
    _ = buffer.append("x\r\n1\r\na\r\n0\r\n\r\n")
    var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
    for _ in 0..<3 { #expect(throws: HTTP1Error.badChunkSize) { try decoder.next(buffer) } }
  }
}
