// Fuzzes request heads: no input traps, the cuts make no difference, and what is forwarded reads
// back as itself.

import Bytes
import FuzzDriver
import HTTP1
import HTTPMessage

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe withInput(start, count) { choice, input in
    var rules = RequestRules()
    rules.path.normalizesDots = choice & 1 != 0
    rules.path.normalizesSlashes = choice & 2 != 0
    rules.underscores = choice & 4 != 0 ? .keep : .drop
    let whole = outcome(input, rules, pieceCount: input.count)
    precondition(
      whole == outcome(input, rules, pieceCount: 1 + choice >> 4), "The cuts make a difference.")
    guard case .accepted(let forwarded) = whole else { return }
    let again = outcome(forwarded.span, rules, pieceCount: forwarded.count)
    precondition(again == whole, "What was forwarded is another request.")
  }
}

@_cdecl("fuzz_request_main")
public func fuzzMain() -> CInt { unsafe runFuzzer(fuzzOne) }

private enum Outcome: Equatable {
  case needsMore
  case refused(HTTP1Error)
  case accepted(forwarded: [UInt8])
}

/// A line more than any input has, since the encoder may state a length that was not sent.
private let limits = HeadLimits(
  lineBytesMax: 8192, headBytesMax: 32 * 1024, fieldsMax: 120, nameBytesMax: 254)

private func outcome(_ input: Span<UInt8>, _ rules: RequestRules, pieceCount: Int) -> Outcome {
  let request = Request(fields: FieldSection(addedBytesMax: 8192))
  var parser = RequestParser(limits: limits, rules: rules)
  var feed = PieceFeed(capacity: input.count, pieceCount: pieceCount)
  do throws(HTTP1Error) {
    while feed.feed(input) {
      guard try parser.parse(feed.buffer, into: request) == .done else { continue }
      var output = Output(capacity: 256)
      let authority =
        request.authority.isEmpty ? Array("a".utf8) : request.text(request.authority).array
      try RequestEncoder.encode(request, authority: authority.span, blocks: [], into: &output)
      return .accepted(forwarded: output.bytes.array)
    }
  } catch { return .refused(error) }
  return .needsMore
}
