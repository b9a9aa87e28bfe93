// Fuzzes chunked bodies: no input traps, the cuts make no difference, and a body that is sent on
// reads back as itself.

import Bytes
import FuzzDriver
import HTTP1
import HTTPMessage

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe withInput(start, count) { choice, input in
    let whole = outcome(input, pieceCount: input.count, takeMax: .max)
    let inPieces = outcome(input, pieceCount: 1 + choice >> 4, takeMax: 1 + choice & 15)
    precondition(whole == inPieces, "The cuts make a difference.")
    guard case .ended(let body, let end) = whole else { return }
    var output = Output(capacity: 256)
    if !body.isEmpty {
      ChunkedEncoder.startChunk(of: body.count, into: &output)
      output.append(body)
      ChunkedEncoder.endChunk(into: &output)
    }
    output.append(end)
    let sent = output.bytes.array
    let again = outcome(sent.span, pieceCount: sent.count, takeMax: .max)
    precondition(again == whole, "What was sent is another body.")
  }
}

@_cdecl("fuzz_chunked_main")
public func fuzzMain() -> CInt { unsafe runFuzzer(fuzzOne) }

private enum Outcome: Equatable {
  case needsMore
  case refused(HTTP1Error)
  /// The data, and the last chunk with the trailers as they are sent on.
  case ended(body: [UInt8], end: [UInt8])
}

private func outcome(_ input: Span<UInt8>, pieceCount: Int, takeMax: Int) -> Outcome {
  var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
  let trailers = FieldSection(addedBytesMax: 16)
  var feed = PieceFeed(capacity: input.count, pieceCount: pieceCount)
  var body: [UInt8] = []
  do throws(HTTP1Error) {
    while feed.feed(input) {
      loop: while true {
        switch try decoder.next(feed.buffer) {
        case .needsMore: break loop
        case .data(let count):
          let taken = min(count, takeMax)
          body += feed.buffer.bytes.extracting(0..<taken).array
          decoder.take(taken, from: feed.buffer)
        case .trailers:
          guard try decoder.parseTrailers(feed.buffer, into: trailers) == .done else { break loop }
        case .end:
          var output = Output(capacity: 64)
          try ChunkedEncoder.end(trailers: trailers, into: &output)
          return .ended(body: body, end: output.bytes.array)
        }
      }
    }
  } catch { return .refused(error) }
  return .needsMore
}
