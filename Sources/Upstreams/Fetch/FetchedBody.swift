// The body of an answer that is wanted whole and has a bound: RFC 9112 section 6.

import Bytes
import HTTP1
import HTTPMessage

/// Collects a body from a buffer, cut as it may come.
struct FetchedBody {
  private let framing: BodyFraming
  private let bytesMax: Int
  private var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
  /// Nobody here asks for trailers: they are read past.
  private let trailers = FieldSection(addedBytesMax: 1)
  private(set) var bytes: [UInt8] = []

  init(_ framing: BodyFraming, bytesMax: Int) {
    self.framing = framing
    self.bytesMax = bytesMax
  }

  /// Whether the end of the connection is the end of the body.
  var endsWithConnection: Bool { framing == .untilClose }

  /// Takes what is there. Returns whether the body is complete.
  mutating func take(from input: Buffer) throws(FetchFault) -> Bool {
    switch framing {
    case .none: return true
    case .length(let length):
      guard length <= UInt64(bytesMax) else { throw .tooLarge }
      try append(min(input.count, Int(length) - bytes.count), of: input)
      return bytes.count == Int(length)
    case .untilClose:
      try append(input.count, of: input)
      return false
    case .chunked: return try takeChunks(from: input)
    }
  }

  private mutating func append(_ count: Int, of input: Buffer) throws(FetchFault) {
    guard count <= bytesMax - bytes.count else { throw .tooLarge }
    bytes += input.bytes.extracting(0..<count).array
    input.consume(count)
  }

  private mutating func takeChunks(from input: Buffer) throws(FetchFault) -> Bool {
    while true {
      switch try next(input) {
      case .data(let count):
        guard count <= bytesMax - bytes.count else { throw .tooLarge }
        bytes += input.bytes.extracting(0..<count).array
        decoder.take(count, from: input)
      case .needsMore: return false
      case .trailers: return try passTrailers(input)
      case .end: return true
      }
    }
  }

  private mutating func next(_ input: Buffer) throws(FetchFault) -> ChunkEvent {
    do throws(HTTP1Error) { return try decoder.next(input) } catch { throw .notHTTP(error) }
  }

  private mutating func passTrailers(_ input: Buffer) throws(FetchFault) -> Bool {
    do throws(HTTP1Error) {
      return try decoder.parseTrailers(input, into: trailers) == .done
    } catch { throw .notHTTP(error) }
  }
}
