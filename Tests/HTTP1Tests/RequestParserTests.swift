// What requests mean, and that it does not depend on how they arrive.

import Bytes
import HTTPMessage
import Testing

@testable import HTTP1

@Suite struct RequestParserTests {
  @Test func `a plain request fills every property`() throws {
    let text =
      "GET /api/users/7?full=1&x HTTP/1.1\r\nHost: api.example.com:8443\r\nAccept: */*\r\n"
      + "X-Empty:\r\nX-Blank: \t a b \t\r\n\r\nNEXT"
    let request = try #require(try parseRequest(text.wire).get())
    #expect(request.method == "GET")
    #expect(request.target == "/api/users/7?full=1&x")
    #expect(request.path == "/api/users/7")
    #expect(request.query == "full=1&x")
    #expect(request.authority == "api.example.com:8443")
    #expect(request.host == "api.example.com")
    #expect(request.version == .http11)
    #expect(request.framing == .none)
    #expect(request.keepsAlive)
    #expect(
      request.fields == [
        "Host: api.example.com:8443", "Accept: */*", "X-Empty: ", "X-Blank: a b",
      ])
    #expect(request.rest == "NEXT")
  }
}
