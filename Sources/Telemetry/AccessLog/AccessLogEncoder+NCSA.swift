// The NCSA forms, for tools that read nothing else: `clf` and `combined`. What is absent is a dash;
// untrusted text is escaped as in JSON, so that a quote or a line feed cannot make a second field
// or line.

import Bytes

extension AccessLogEncoder {
  mutating func encodeCommon(
    _ record: borrowing AccessRecord, withAgent: Bool, into line: inout Output
  ) {
    appendOrDash(record.clientAddress, max: limits.shortBytesMax, into: &line)
    line.append(" - - [")
    stamp.appendCommon(record.unixMilliseconds / 1000, to: &line)
    line.append("] \"")
    appendRequestLine(record, into: &line)
    line.append("\" ")
    if record.status == 0 { line.append("-") } else { line.append(decimal: UInt64(record.status)) }
    line.append(" ")
    if record.bytesOut == 0 { line.append("-") } else { line.append(decimal: record.bytesOut) }
    if withAgent { appendAgent(record, into: &line) }
    line.append("\n")
  }

  private func appendRequestLine(_ record: borrowing AccessRecord, into line: inout Output) {
    guard !record.method.isEmpty else { return line.append("-") }
    line.append(json: record.method, max: limits.shortBytesMax)
    line.append(" ")
    appendTarget(record, into: &line)
    line.append(" ")
    line.append(json: record.version, max: limits.shortBytesMax)
  }

  private func appendAgent(_ record: borrowing AccessRecord, into line: inout Output) {
    line.append(" \"")
    appendOrDash(withoutQuery(record.referer), max: limits.refererBytesMax, into: &line)
    line.append("\" \"")
    appendOrDash(record.userAgent, max: limits.userAgentBytesMax, into: &line)
    line.append("\"")
  }

  /// The page without query and fragment; nothing of a referer that has user and password in it.
  @_lifetime(copy referer)
  private func withoutQuery(_ referer: Span<UInt8>) -> Span<UInt8> {
    var end = 0
    while end < referer.count, referer[end] != UInt8(ascii: "?"), referer[end] != UInt8(ascii: "#")
    {
      if referer[end] == UInt8(ascii: "@") { return referer.extracting(0..<0) }
      end += 1
    }
    return referer.extracting(0..<end)
  }

  private func appendOrDash(_ text: Span<UInt8>, max: Int, into line: inout Output) {
    if text.isEmpty { line.append("-") } else { line.append(json: text, max: max) }
  }
}
