// Fuzzes response heads: no input traps, the cuts make no difference, and what is sent on reads
// back as itself.

import Bytes
import FuzzDriver
import HTTP1
import HTTPMessage

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe withInput(start, count) { choice, input in
    let method = choice & 1 != 0 ? Method.head : .get
    let whole = outcome(input, method, pieceCount: input.count)
    precondition(
      whole == outcome(input, method, pieceCount: 1 + choice >> 4), "The cuts make a difference.")
    guard case .accepted(let sent) = whole else { return }
    let again = outcome(sent.span, method, pieceCount: sent.count)
    precondition(again == whole, "What was sent is another response.")
  }
}

@_cdecl("fuzz_response_main")
public func fuzzMain() -> CInt { unsafe runFuzzer(fuzzOne) }

private enum Outcome: Equatable {
  case needsMore
  case refused(HTTP1Error)
  case accepted(sent: [UInt8])
}

/// Lines more than any input has, since the encoder writes framing and Connection anew.
private let limits = HeadLimits(
  lineBytesMax: 65_535, headBytesMax: 65_535, fieldsMax: 120, nameBytesMax: 254)

private func outcome(_ input: Span<UInt8>, _ method: Method, pieceCount: Int) -> Outcome {
  let request = Request(fields: FieldSection(addedBytesMax: 16))
  request.method = method
  let response = ResponseHead(fields: FieldSection(addedBytesMax: 16))
  var parser = ResponseParser(limits: limits)
  var feed = PieceFeed(capacity: input.count, pieceCount: pieceCount)
  do throws(HTTP1Error) {
    while feed.feed(input) {
      guard try parser.parse(feed.buffer, into: response, answering: method) == .done
      else { continue }
      var output = Output(capacity: 256)
      try ResponseEncoder.encode(
        response, framing: ResponseEncoder.framing(response.framing, for: .http11),
        answering: request, keepsAlive: response.keepsAlive, blocks: [], into: &output)
      return .accepted(sent: output.bytes.array)
    }
  } catch { return .refused(error) }
  return .needsMore
}
