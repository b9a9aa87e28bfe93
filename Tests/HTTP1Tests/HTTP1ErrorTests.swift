// The table of refusals.

import Bytes
import Testing

@testable import HTTP1

@Suite struct HTTP1ErrorTests {
  @Test(arguments: HTTP1Error.allCases)
  func `every rule has a stable name, a status and a sentence`(_ error: HTTP1Error) {
    let reason = error.reason.bytes.text
    #expect(reason.wholeMatch(of: /[a-z0-9]+(_[a-z0-9]+)*/) != nil)
    #expect((400...599).contains(error.status))
    #expect(error.sentence.bytes.text.hasSuffix("."))
  }

  @Test func `no two rules share a name`() {
    #expect(
      Set(HTTP1Error.allCases.map { $0.reason.bytes.text }).count == HTTP1Error.allCases.count)
  }
}
