// Heads of responses to clients. RFC 9112 section 4. The version in the status line is always ours.

import Bytes
import HTTPMessage

/// Writes the head of a response.
public enum ResponseEncoder {
  /// How a body is sent to a client of that version: HTTP/1.0 knows no chunks, so its end is the
  /// end of the connection.
  public static func framing(_ framing: BodyFraming, for version: HTTPVersion) -> BodyFraming {
    switch framing {
    case .chunked: version == .http10 ? .untilClose : .chunked
    // Chunks tell a complete body from one that was cut short.
    case .untilClose: version == .http10 ? .untilClose : .chunked
    case .none, .length: framing
    }
  }

  /// Appends the head: status line, all fields that go on, `blocks`, framing, Connection, and the
  /// empty line.
  ///
  /// - Parameters:
  ///   - framing: how the body is sent to this client; see `framing(_:for:)`.
  ///   - request: the request that is answered: its method and version decide about framing and
  ///     Connection.
  ///   - keepsAlive: whether the connection stays open after this response. Always false with
  ///     `untilClose`.
  ///   - blocks: lines that were rendered before; they replace all other lines of the same known
  ///     fields.
  /// - Throws: `unsafeField` when an added line holds a control character. `output` is then half
  ///   written.
  public static func encode(
    _ response: ResponseHead, framing: BodyFraming, answering request: Request, keepsAlive: Bool,
    blocks: [FieldBlock], into output: inout Output
  ) throws(HTTP1Error) {
    precondition(!keepsAlive || framing != .untilClose, "Such a body ends with its connection.")
    appendStatusLine(response.status, to: &output)
    // An answer without its body may still tell how long the body would be: RFC 9110 section 8.6.
    let isBodiless = request.method == .head || response.status == 304
    let tellsLength = isBodiless && response.fields.present.contains(.contentLength)
    var excluded = MessageEncoder.hopByHop
    if tellsLength { excluded.remove(.contentLength) }
    try MessageEncoder.appendLines(
      of: response.fields, excluding: excluded, blocks: blocks, to: &output)
    if framing == .none, !isBodiless, mayHaveBody(response.status) {
      output.append("Content-Length: 0\r\n")
    } else if !tellsLength, mayHaveBody(response.status) {
      MessageEncoder.append(framing, to: &output)
    }
    if response.status >= 200 {
      appendConnection(request.version, keepsAlive, to: &output)
    } else if response.status == 101 {
      MessageEncoder.appendUpgrade(to: &output)
    }
    output.append("\r\n")
  }

  /// Appends `HTTP/1.1 100 Continue` as a whole.
  public static func encodeContinue(into output: inout Output) {
    output.append("HTTP/1.1 100 Continue\r\n\r\n")
  }

  /// Appends the status line with its line end.
  public static func appendStatusLine(_ status: UInt16, to output: inout Output) {
    output.append("HTTP/1.1 ")
    output.append(decimal: UInt64(status))
    output.append(ASCII.space)
    output.append(ReasonPhrase.of(status))
    output.append("\r\n")
  }

  private static func mayHaveBody(_ status: UInt16) -> Bool {
    status >= 200 && status != 204 && status != 304
  }

  /// Only what differs from the version's default is said.
  private static func appendConnection(
    _ version: HTTPVersion, _ keepsAlive: Bool, to output: inout Output
  ) {
    if !keepsAlive {
      output.append("Connection: close\r\n")
    } else if version == .http10 {
      output.append("Connection: keep-alive\r\n")
    }
  }
}
