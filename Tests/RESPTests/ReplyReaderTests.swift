// Replies, whole and in pieces, right and wrong.

import Bytes
import Testing

@testable import RESP

@Suite struct ReplyReaderTests {
  static func read(_ text: String, step: Int = .max) throws -> [Reply] {
    let reader = try ReplyReader()
    let bytes = Array(text.utf8)
    var replies: [Reply] = []
    var start = 0
    while start < bytes.count {
      let end = start + min(step, bytes.count - start)
      try reader.feed(bytes.span.extracting(start..<end))
      while let reply = try reader.next() { replies.append(reply) }
      start = end
    }
    return replies
  }

  struct Vector: Sendable {
    let text: String
    let replies: [Reply]
  }

  static let vectors = [
    Vector(text: "+OK\r\n", replies: [.text(Array("OK".utf8))]),
    Vector(text: ":-12\r\n:7\r\n", replies: [.integer(-12), .integer(7)]),
    Vector(text: "$-1\r\n$0\r\n\r\n", replies: [.null, .text([])]),
    Vector(text: "*0\r\n*-1\r\n", replies: [.array([]), .null]),
    Vector(
      text: "*3\r\n:1\r\n*2\r\n$2\r\nab\r\n:2\r\n-ERR x\r\n",
      replies: [
        .array([
          .integer(1), .array([.text(Array("ab".utf8)), .integer(2)]),
          .error(Array("ERR x".utf8)),
        ])
      ]),
  ]

  @Test(arguments: vectors, [1, 2, 3, 1000])
  func `replies are the same however they are cut`(_ vector: Vector, step: Int) throws {
    #expect(try Self.read(vector.text, step: step) == vector.replies)
  }

  @Test(arguments: [
    "?\r\n", "hello", "$5x\r\n", "*99999999999999999999\r\n", "*1000\r\n", "*257\r\n",
    "$70000\r\n" + String(repeating: "a", count: 70000),
    String(repeating: "*1\r\n", count: 20) + ":1\r\n",
  ])
  func `what is no reply or too large a one is refused`(text: String) {
    #expect(throws: ReplyError.malformed) {
      let replies = try Self.read(text, step: 4096)
      Issue.record("\(replies)")
    }
  }

  @Test func `an error is known by its first word`() {
    #expect(Reply.error(Array("NOSCRIPT No script".utf8)).isError("NOSCRIPT"))
    #expect(!Reply.error(Array("NOSCRIPTED".utf8)).isError("NOSCRIPT"))
    #expect(!Reply.text(Array("NOSCRIPT".utf8)).isError("NOSCRIPT"))
  }

  @Test func `a command is an array of bulk strings`() {
    var output = Output(capacity: 64)
    CommandEncoder.begin(words: 3, into: &output)
    CommandEncoder.append("SET", to: &output)
    CommandEncoder.append("k".utf8Span.span, to: &output)
    CommandEncoder.append(decimal: 120, to: &output)
    #expect(output.bytes.text == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\n120\r\n")
  }
}
