// The framing of chunked bodies that are sent. RFC 9112 section 7.1. The data itself is written by
// whoever has it.

import Bytes
import HTTPMessage

public enum ChunkedEncoder {
  /// Appends what stands before `count` bytes of data. A chunk is never empty: that would end the
  /// body.
  public static func startChunk(of count: Int, into output: inout Output) {
    precondition(count > 0, "An empty chunk ends a body.")
    output.append(hex: UInt64(count))
    output.append("\r\n")
  }

  /// Appends what ends the chunk before, if there was one, and starts one of `count` bytes.
  public static func nextChunk(of count: Int, isFirst: Bool, into output: inout Output) {
    if !isFirst { endChunk(into: &output) }
    startChunk(of: count, into: &output)
  }

  /// Appends what stands behind a chunk's data.
  public static func endChunk(into output: inout Output) { output.append("\r\n") }

  /// Appends the last chunk, the trailers that go on, and the empty line.
  ///
  /// - Throws: `unsafeField` when an added trailer holds a control character.
  public static func end(
    trailers: FieldSection?, into output: inout Output
  ) throws(HTTP1Error) {
    output.append("0\r\n")
    if let trailers {
      let forbidden = ChunkedDecoder.forbiddenTrailers
      guard trailers.appendLines(to: &output, excluding: forbidden) else { throw .unsafeField }
    }
    output.append("\r\n")
  }
}
