// Members of a log line that stay the same for many requests: rendered once, where the names become
// known, so that a line costs one copy for each.

import Bytes

/// Members of the JSON form that others keep ready.
public enum AccessMembers {
  private static let bytesMax = AccessLimits().shortBytesMax

  /// The start of the `upstream` member, for a record's `upstream`.
  public static func upstream(name: Span<UInt8>, server: Span<UInt8>) -> [UInt8] {
    var line = Output(capacity: 64)
    line.append(",\"upstream\":{\"name\":\"")
    line.append(json: name, max: bytesMax)
    line.append("\"")
    append(",\"server\":\"", server, to: &line)
    return line.bytes.array
  }

  /// The `tls` member, for a record's `tls`. Empty texts are left out.
  public static func tls(
    version: Span<UInt8>, cipher: Span<UInt8>, serverName: Span<UInt8>, protocolName: Span<UInt8>,
    isResumed: Bool
  ) -> [UInt8] {
    var line = Output(capacity: 128)
    line.append(",\"tls\":{\"version\":\"")
    line.append(json: version, max: bytesMax)
    line.append("\"")
    append(",\"cipher\":\"", cipher, to: &line)
    append(",\"sni\":\"", serverName, to: &line)
    append(",\"alpn\":\"", protocolName, to: &line)
    line.append(isResumed ? ",\"resumed\":true}" : "}")
    return line.bytes.array
  }

  private static func append(_ key: StaticString, _ text: Span<UInt8>, to line: inout Output) {
    guard !text.isEmpty else { return }
    line.append(key)
    line.append(json: text, max: bytesMax)
    line.append("\"")
  }
}
