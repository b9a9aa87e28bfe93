// Chunked bodies, read in place: RFC 9112 section 7.1. It tells where data stands in the buffer and
// copies nothing. Extensions are checked and dropped.

import Bytes
import HTTPMessage

/// What the next bytes of a chunked body are.
public enum ChunkEvent: Sendable, Equatable {
  /// The bytes end within the framing or before more data.
  case needsMore
  /// So many bytes at the start of the buffer's window are data; `take` them, all or some.
  case data(Int)
  /// The last chunk was read and trailers follow: call `parseTrailers` until it is done.
  case trailers
  /// The body is complete. What follows in the buffer is not part of this message.
  case end
}

/// Reads one chunked body; every call goes on where the last one stopped, whatever the cuts.
///
///     size -> extension -> sizeEnd -> data -> dataEnd -> dataLineEnd -> size ...
///                             \-> (size 0) trailerStart -> end, or trailers -> end
public struct ChunkedDecoder {
  private enum State: Equatable {
    /// Digits of a size; how many were read.
    case size(digits: UInt8)
    case chunkExtension
    /// The LF of a size line.
    case sizeEnd
    case data
    /// The CR and the LF behind data.
    case dataEnd, dataLineEnd
    /// Behind the last chunk: an empty line, or trailers.
    case trailerStart
    case trailers
    case ended
    case failed(HTTP1Error)
  }

  private let limits: ChunkLimits
  private var trailerScanner: HeadScanner
  private var state = State.size(digits: 0)
  /// The size so far while its line is read, then the bytes of data that are still to come.
  private var remaining: UInt64 = 0
  /// Bytes of the current size line.
  private var lineCount = 0
  private var extensionCount = 0
  /// Framing beyond what chunks of reasonable size need.
  private var overhead = 0

  public init(limits: ChunkLimits, trailers: HeadLimits) {
    self.limits = limits
    trailerScanner = HeadScanner(limits: trailers)
  }

  /// Whether the whole body was read.
  public var isEnded: Bool { state == .ended }

  /// Consumes framing from `buffer` up to the next data and says what comes. Asking again without
  /// taking gives the same.
  public mutating func next(_ buffer: Buffer) throws(HTTP1Error) -> ChunkEvent {
    do throws(HTTP1Error) {
      return try advance(buffer)
    } catch {
      state = .failed(error)
      throw error
    }
  }

  /// Consumes `count` bytes of the data that `next` announced.
  public mutating func take(_ count: Int, from buffer: Buffer) {
    precondition(
      state == .data && count >= 0 && UInt64(count) <= remaining,
      "Only announced data can be taken.")
    buffer.consume(count)
    remaining -= UInt64(count)
    if remaining == 0 { state = .dataEnd }
  }

  /// Counts `count` bytes of the data that `next` announced as taken; whoever has them consumes
  /// them from the buffer before the next call.
  public mutating func handOut(_ count: Int) {
    precondition(
      state == .data && count >= 0 && UInt64(count) <= remaining,
      "Only announced data can be handed out.")
    remaining -= UInt64(count)
    if remaining == 0 { state = .dataEnd }
  }

  /// Reads the trailers after `next` returned `trailers`. When it returns `done`, `fields` has
  /// `buffer` attached, the trailers are consumed and the body has ended. Offsets are as in
  /// `RequestParser`.
  ///
  /// Fields that must be known before the body (framing, routing, credentials, how content is read)
  /// are refused: RFC 9110 section 6.5.1.
  public mutating func parseTrailers(
    _ buffer: Buffer, into fields: FieldSection
  ) throws(HTTP1Error) -> ParseProgress {
    if case .failed(let error) = state { throw error }
    precondition(state == .trailers, "Trailers are read where they stand.")
    do throws(HTTP1Error) {
      return try advanceTrailers(buffer, fields)
    } catch {
      fields.reset()
      state = .failed(error)
      throw error
    }
  }

  /// What a trailer may not hold.
  public static let forbiddenTrailers: KnownFieldSet = {
    var fields = ConnectionOptions.protectedInRequests
    fields.formUnion(ConnectionOptions.protectedInResponses)
    fields.formUnion(
      KnownFieldSet([
        .connection, .keepAlive, .proxyConnection, .te, .trailer, .upgrade, .maxForwards, .range,
        .age, .date, .location, .retryAfter, .proxyAuthenticate, .wwwAuthenticate, .userAgent,
        .http2Settings, .xOriginalURL, .xRewriteURL, .xHTTPMethodOverride, .xOriginalHost,
      ]))
    return fields
  }()

  private mutating func advance(_ buffer: Buffer) throws(HTTP1Error) -> ChunkEvent {
    let bytes = buffer.bytes
    var index = 0
    defer { buffer.consume(index) }
    while true {
      switch state {
      case .data:
        let available = UInt64(bytes.count - index)
        guard available > 0 else { return .needsMore }
        return .data(Int(truncatingIfNeeded: min(available, remaining)))
      case .trailers: return .trailers
      case .ended: return .end
      case .failed(let error): throw error
      default: break
      }
      guard index < bytes.count else { return .needsMore }
      if state == .trailerStart {
        // The line end of an empty trailer section is taken as a whole, any other byte starts a
        // trailer.
        guard bytes[index] == ASCII.carriageReturn else {
          state = .trailers
          continue
        }
        guard index + 1 < bytes.count else { return .needsMore }
        guard bytes[index + 1] == ASCII.lineFeed else { throw .badChunkEnd }
        index += 2
        state = .ended
      } else {
        try read(bytes[index])
        index += 1
      }
    }
  }

  /// Reads one byte of framing.
  private mutating func read(_ byte: UInt8) throws(HTTP1Error) {
    lineCount += 1
    switch state {
    case .size(let digits): try readSize(byte, digits: digits)
    case .chunkExtension: try readExtension(byte)
    case .sizeEnd:
      guard byte == ASCII.lineFeed else { throw .badChunkSize }
      try endSizeLine()
    case .dataEnd:
      guard byte == ASCII.carriageReturn else { throw .badChunkEnd }
      state = .dataLineEnd
    default:
      guard byte == ASCII.lineFeed else { throw .badChunkEnd }
      state = .size(digits: 0)
      lineCount = 0
      extensionCount = 0
    }
  }

  private mutating func readSize(_ byte: UInt8, digits: UInt8) throws(HTTP1Error) {
    if let digit = ASCII.hexValue(byte) {
      // Sixteen digits fill 64 bits; more would only be zeros in front.
      guard digits < 16 else { throw .chunkSizeOverflow }
      remaining = remaining << 4 | UInt64(digit)
      state = .size(digits: digits + 1)
      return
    }
    guard digits > 0, remaining <= UInt64(Int64.max) else {
      throw digits > 0 ? .chunkSizeOverflow : .badChunkSize
    }
    switch byte {
    case ASCII.carriageReturn: state = .sizeEnd
    case 0x3B: state = .chunkExtension
    default: throw .badChunkSize
    }
  }

  /// The text of extensions: visible bytes, spaces and tabs. A lone CR or LF in it is what
  /// smuggling is made of.
  private mutating func readExtension(_ byte: UInt8) throws(HTTP1Error) {
    if byte == ASCII.carriageReturn {
      guard extensionCount > 0 else { throw .badChunkExtension }
      state = .sizeEnd
      return
    }
    guard !ASCII.isControl(byte) else { throw .badChunkExtension }
    extensionCount += 1
    guard extensionCount <= limits.extensionBytesMax else { throw .chunkExtensionTooLong }
  }

  private mutating func endSizeLine() throws(HTTP1Error) {
    // Sixteen bytes are free per chunk, and twice its data: a chunk of one byte passes for ever.
    let free = 16 + 2 * Int(truncatingIfNeeded: min(remaining, 1 << 20))
    overhead = max(0, overhead + lineCount - free)
    guard overhead <= limits.overheadBytesMax else { throw .chunkOverhead }
    state = remaining > 0 ? .data : .trailerStart
    lineCount = 0
  }

  private mutating func advanceTrailers(
    _ buffer: Buffer, _ fields: FieldSection
  ) throws(HTTP1Error) -> ParseProgress {
    if trailerScanner.isAtStart {
      trailerScanner.start(at: buffer.start)
    } else if buffer.start != trailerScanner.origin {
      fields.moveReceived(by: trailerScanner.follow(to: buffer.start))
    }
    let bytes = buffer.bytes
    while true {
      switch try trailerScanner.nextField(in: bytes) {
      case .needsMore: return .needsMore
      case .field(let entry, let isAmbiguous):
        guard !Self.forbiddenTrailers.contains(entry.field), !isAmbiguous
        else { throw .forbiddenTrailer }
        guard fields.appendReceived(entry) else { throw .tooManyFields }
      case .end:
        fields.attach(buffer)
        buffer.consume(trailerScanner.position)
        state = .ended
        return .done
      }
    }
  }
}
