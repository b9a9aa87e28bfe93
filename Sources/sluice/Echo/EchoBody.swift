// The body of a request that the echo upstream keeps, whole and bounded.

import Bytes
import HTTP1
import HTTPMessage

/// Bytes of all bodies that are kept at this moment.
final class EchoBudget {
  private var used = 0

  func take(_ count: Int) -> Bool {
    guard used + count <= EchoLimits.bodiesBytesMax else { return false }
    used += count
    return true
  }

  func giveBack(_ count: Int) { used -= count }
}

/// Collects one body from a connection's buffer. It does no I/O.
struct EchoBody {
  enum Progress {
    case needsMore
    case done
    /// The body is larger than what is kept.
    case tooLarge
  }

  private enum Framing {
    case counted(left: UInt64)
    case chunked(ChunkedDecoder)
  }

  private(set) var bytes: [UInt8] = []
  private(set) var trailers: [(name: String, value: String)] = []
  private var framing: Framing

  init(_ framing: BodyFraming) {
    switch framing {
    case .none, .untilClose: self.framing = .counted(left: 0)
    case .length(let count): self.framing = .counted(left: count)
    case .chunked:
      self.framing = .chunked(ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers))
    }
  }

  /// Takes what the buffer has of the body.
  mutating func collect(
    _ buffer: Buffer, _ budget: EchoBudget, trailers section: FieldSection
  ) throws(HTTP1Error) -> Progress {
    switch framing {
    case .counted(let left):
      guard left <= UInt64(EchoLimits.bodyBytesMax) else { return .tooLarge }
      let count = min(Int(left), buffer.count)
      guard keep(count, of: buffer, budget) else { return .tooLarge }
      buffer.consume(count)
      framing = .counted(left: left - UInt64(count))
      return left == UInt64(count) ? .done : .needsMore
    case .chunked(var decoder):
      defer { framing = .chunked(decoder) }
      return try collect(buffer, budget, section, &decoder)
    }
  }

  private mutating func collect(
    _ buffer: Buffer, _ budget: EchoBudget, _ section: FieldSection,
    _ decoder: inout ChunkedDecoder
  ) throws(HTTP1Error) -> Progress {
    while true {
      switch try decoder.next(buffer) {
      case .needsMore: return .needsMore
      case .end: return .done
      case .data(let count):
        guard keep(count, of: buffer, budget) else { return .tooLarge }
        decoder.take(count, from: buffer)
      case .trailers:
        guard try decoder.parseTrailers(buffer, into: section) == .done else { return .needsMore }
        trailers = EchoRequest.lines(of: section)
      }
    }
  }

  private mutating func keep(_ count: Int, of buffer: Buffer, _ budget: EchoBudget) -> Bool {
    guard bytes.count + count <= EchoLimits.bodyBytesMax, budget.take(count) else { return false }
    let window = buffer.bytes
    bytes.reserveCapacity(bytes.count + count)
    for index in 0..<count { bytes.append(window[index]) }
    return true
  }
}
