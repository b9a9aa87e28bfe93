// Each limit at n - 1, n and n + 1.

import HTTPMessage
import Testing

@testable import HTTP1

@Suite struct LimitTests {
  private let limits = HeadLimits(
    lineBytesMax: 60, headBytesMax: 200, fieldsMax: 4, nameBytesMax: 10)

  private func outcome(_ text: String, _ limits: HeadLimits) -> HTTP1Error? {
    var errors: [HTTP1Error?] = []
    for cuts in [Cuts.none, .everyByte] {
      switch parseRequest(text.wire, cuts: cuts, limits: limits) {
      case .success(let request):
        #expect(request != nil)
        errors.append(nil)
      case .failure(let error): errors.append(error)
      }
    }
    #expect(errors[0] == errors[1])
    return errors[0]
  }

  @Test(arguments: [(-1, nil), (0, nil), (1, HTTP1Error.requestLineTooLong)])
  func `the request line`(excess: Int, error: HTTP1Error?) {
    let path = String(repeating: "a", count: 60 - "GET / HTTP/1.1".count + excess)
    #expect(outcome("GET /\(path) HTTP/1.1\r\nHost: a\r\n\r\n", limits) == error)
  }

  @Test(arguments: [(-1, nil), (0, nil), (1, HTTP1Error.fieldTooLong)])
  func `a field line`(excess: Int, error: HTTP1Error?) {
    let value = String(repeating: "a", count: 60 - "A: ".count + excess)
    #expect(outcome("GET / HTTP/1.1\r\nHost: a\r\nA: \(value)\r\n\r\n", limits) == error)
  }

  @Test(arguments: [(-1, nil), (0, nil), (1, HTTP1Error.fieldNameTooLong)])
  func `a field name`(excess: Int, error: HTTP1Error?) {
    let name = String(repeating: "a", count: 10 + excess)
    #expect(outcome("GET / HTTP/1.1\r\nHost: a\r\n\(name): 1\r\n\r\n", limits) == error)
  }

  @Test(arguments: [(-1, nil), (0, nil), (1, HTTP1Error.tooManyFields)])
  func `the number of fields`(excess: Int, error: HTTP1Error?) {
    let lines = String(repeating: "A: 1\r\n", count: 3 + excess)
    #expect(outcome("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n", limits) == error)
  }

  @Test(arguments: [(-1, nil), (0, nil), (1, HTTP1Error.headTooLarge)])
  func `the head`(excess: Int, error: HTTP1Error?) {
    let line = "A: " + String(repeating: "a", count: 57) + "\r\n"
    let head = "GET / HTTP/1.1\r\nHost: a\r\n" + line + line
    let rest = 200 - 2 - head.utf8.count + excess - "B: \r\n".utf8.count
    let text = head + "B: " + String(repeating: "b", count: rest) + "\r\n\r\n"
    #expect(text.utf8.count == 200 + excess)
    #expect(outcome(text, limits) == error)
  }

  @Test func `the default limits are those of the configuration's manual`() {
    let path = String(repeating: "a", count: 8192 - "GET / HTTP/1.1".count)
    #expect(outcome("GET /\(path) HTTP/1.1\r\nHost: a\r\n\r\n", .request) == nil)
    #expect(
      outcome("GET /\(path)a HTTP/1.1\r\nHost: a\r\n\r\n", .request) == .requestLineTooLong)
    let lines = (1...99).map { "A\($0): 1\r\n" }.joined()
    #expect(outcome("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n", .request) == nil)
    #expect(
      outcome("GET / HTTP/1.1\r\nHost: a\r\n\(lines)A: 1\r\n\r\n", .request) == .tooManyFields)
  }
}
