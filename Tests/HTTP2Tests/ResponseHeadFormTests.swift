// Heads of responses as text: what a block may hold, and what is refused before a parser sees it.

import Bytes
import Testing

@testable import HTTP2

struct ResponseHeadFormTests {
  private func text(_ fields: [(String, String)]) throws(HTTP2FieldError) -> String {
    let block = HeaderBlock()
    for (name, value) in fields {
      block.append(
        name: name.utf8Span.span, value: value.utf8Span.span, isSensitive: false,
        within: HTTP2Settings())
    }
    let buffer = Buffer(capacity: 1024)
    try ResponseHeadForm.write(block, into: buffer)
    return buffer.bytes.text
  }

  @Test func `a head becomes lines`() throws {
    #expect(
      try text([(":status", "200"), ("content-type", "text/plain"), ("x-empty", "")])
        == "HTTP/1.1 200 \r\ncontent-type: text/plain\r\nx-empty: \r\n\r\n")
  }

  @Test(
    arguments: [
      ([], .missingPseudoField), ([("x-a", "1")], .missingPseudoField),
      ([("x-a", "1"), (":status", "200")], .missingPseudoField),
      ([(":status", "20")], .badStatus), ([(":status", "2000")], .badStatus),
      ([(":status", "2x0")], .badStatus), ([(":status", "-20")], .badStatus),
      ([(":status", "200"), (":status", "200")], .misplacedPseudoField),
      ([(":status", "200"), ("X-A", "1")], .badFieldName),
      ([(":status", "200"), ("", "1")], .badFieldName),
      ([(":status", "200"), ("x-a", "1\r\nx-b: 2")], .badFieldValue),
      ([(":status", "200"), ("x-a", " 1")], .badFieldValue),
      ([(":status", "200"), ("connection", "close")], .connectionField),
      ([(":status", "200"), ("transfer-encoding", "chunked")], .connectionField),
      ([(":status", "200"), ("x-a", String(repeating: "a", count: 2000))], .tooLarge),
    ] as [([(String, String)], HTTP2FieldError)])
  func `what no head may hold is refused`(fields: [(String, String)], error: HTTP2FieldError) {
    #expect(throws: error) { try text(fields) }
  }
}
