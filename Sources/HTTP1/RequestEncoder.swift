// Heads of requests to upstreams. RFC 9112 section 3.

import Bytes
import HTTPMessage

/// Writes the head of a request that is forwarded.
public enum RequestEncoder {
  private static let excluded: KnownFieldSet = {
    var fields = MessageEncoder.hopByHop
    // Host is written first and once, from what the request was matched by: RFC 9110 section 7.2.
    fields.insert(.host)
    // Credentials for this hop are nothing for the next one: RFC 9110 section 11.7.2.
    fields.insert(.proxyAuthorization)
    return fields
  }()

  /// Appends the head: request line, Host, all fields that go on, `blocks`, framing, and the empty
  /// line.
  ///
  /// The caller adds Via and forwarding fields to `request.fields` or `blocks`.
  /// - Parameters:
  ///   - authority: what Host says; the request's own, or the upstream's when a route says so. Not
  ///     empty.
  ///   - blocks: lines that were rendered before; they replace all other lines of the same known
  ///     fields.
  /// - Throws: `unsafeField` when text that was added or rewritten holds a control character or a
  ///   space where none may stand. `output` is then half written.
  public static func encode(
    _ request: Request, authority: Span<UInt8>, blocks: [FieldBlock], into output: inout Output
  ) throws(HTTP1Error) {
    let target = request.text(request.target)
    // A received target was checked when it was parsed.
    guard !request.target.isAdded || isSafe(target), !target.isEmpty, isSafe(authority)
    else { throw .unsafeField }
    output.append(request.text(request.methodText))
    output.append(ASCII.space)
    output.append(target)
    output.append(" HTTP/1.1\r\nHost: ")
    output.append(authority)
    output.append("\r\n")
    try MessageEncoder.appendLines(
      of: request.fields, excluding: excluded, blocks: blocks, to: &output)
    if request.upgrade == .webSocket { MessageEncoder.appendUpgrade(to: &output) }
    if request.framing == .none, expectsLength(request) {
      output.append("Content-Length: 0\r\n")
    } else {
      MessageEncoder.append(request.framing, to: &output)
    }
    output.append("\r\n")
  }

  /// RFC 9110 section 8.6: where content is usual, its absence is stated.
  private static func expectsLength(_ request: Request) -> Bool {
    switch request.method {
    case .post, .put, .patch, .query: true
    default: request.fields.present.contains(.contentLength)
    }
  }

  /// Whether the text is not empty and has neither spaces nor control characters, after any
  /// rewrite.
  private static func isSafe(_ text: Span<UInt8>) -> Bool {
    !text.isEmpty && text.isGraphic
  }
}
