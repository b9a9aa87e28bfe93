// Heads as they are sent: RFC 9112. Received lines are copied in runs, framing is written anew from
// `BodyFraming`, so that it is always one line and canonical, and nothing that ends at this hop
// goes on.

import Bytes
import HTTPMessage

/// What the encoders of requests and responses share.
public enum MessageEncoder {
  /// Fields that end here whatever Connection says: RFC 9110 section 7.6.1. Framing and Connection
  /// are written anew.
  public static let hopByHop = KnownFieldSet([
    .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade,
    .contentLength, .http2Settings,
  ])

  static func append(_ framing: BodyFraming, to output: inout Output) {
    switch framing {
    case .length(let count):
      output.append("Content-Length: ")
      output.append(decimal: count)
      output.append("\r\n")
    case .chunked: output.append("Transfer-Encoding: chunked\r\n")
    case .none, .untilClose: break
    }
  }

  /// Both sides of an upgraded connection are told anew: WebSocket is the only protocol there is.
  static func appendUpgrade(to output: inout Output) {
    output.append("Connection: Upgrade\r\nUpgrade: websocket\r\n")
  }

  static func appendLines(
    of fields: FieldSection, excluding excluded: KnownFieldSet, blocks: [FieldBlock],
    to output: inout Output
  ) throws(HTTP1Error) {
    var excluded = excluded
    for block in blocks { excluded.formUnion(block.fields) }
    // Lines with an unknown name are all `other`, so that one of them says nothing about the next.
    excluded.remove(.other)
    guard fields.appendLines(to: &output, excluding: excluded) else { throw .unsafeField }
    for block in blocks { block.append(to: &output) }
  }
}
