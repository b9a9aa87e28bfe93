// The JSON form of the access log: flat members, `tls` and `upstream` as objects. Keys are literals
// that carry their punctuation, so that a member is one copy of constants and one run of text.

import Bytes

extension AccessLogEncoder {
  mutating func encodeJSON(_ record: borrowing AccessRecord, into line: inout Output) {
    line.append("{\"ts\":\"")
    stamp.appendRFC3339(record.unixMilliseconds / 1000, to: &line)
    line.append(".")
    line.append(decimal: record.unixMilliseconds % 1000, width: 3)
    line.append("Z\"")
    appendIdentity(record, into: &line)
    appendExchange(record, into: &line)
    appendClient(record, into: &line)
    appendUpstream(record, into: &line)
    appendCaller(record, into: &line)
    appendTimes(record, into: &line)
    appendEnd(record, into: &line)
    line.append("}\n")
  }

  private func appendIdentity(_ record: borrowing AccessRecord, into line: inout Output) {
    member(",\"request_id\":\"", record.requestID, into: &line)
    member(",\"trace_id\":\"", record.traceID, into: &line)
    member(",\"span_id\":\"", record.spanID, into: &line)
    member(",\"listener\":\"", record.listener, into: &line)
    member(",\"route\":\"", record.route, into: &line)
  }

  private func appendExchange(_ record: borrowing AccessRecord, into line: inout Output) {
    member(",\"method\":\"", record.method, into: &line)
    if !record.host.isEmpty {
      line.append(",\"host\":\"")
      line.append(json: record.host, max: limits.hostBytesMax)
      line.append("\"")
    }
    if !record.path.isEmpty {
      line.append(",\"path\":\"")
      appendTarget(record, into: &line)
      line.append("\"")
    }
    member(",\"proto\":\"", record.version, into: &line)
    if record.status != 0 { number(",\"status\":", UInt64(record.status), into: &line) }
    number(",\"bytes_in\":", record.bytesIn, into: &line)
    number(",\"bytes_out\":", record.bytesOut, into: &line)
  }

  private func appendClient(_ record: borrowing AccessRecord, into line: inout Output) {
    member(",\"client_ip\":\"", record.clientAddress, into: &line)
    member(",\"peer_ip\":\"", record.peerAddress, into: &line)
    if !record.userAgent.isEmpty {
      line.append(",\"user_agent\":\"")
      line.append(json: record.userAgent, max: limits.userAgentBytesMax)
      line.append("\"")
    }
    if !record.tls.isEmpty { line.append(record.tls) }
  }

  private func appendUpstream(_ record: borrowing AccessRecord, into line: inout Output) {
    guard !record.upstream.isEmpty else { return }
    line.append(record.upstream)
    number(",\"attempts\":", UInt64(max(record.attempts, 0)), into: &line)
    if record.upstreamStatus != 0 {
      number(",\"status\":", UInt64(record.upstreamStatus), into: &line)
    }
    line.append("}")
  }

  private func appendCaller(_ record: borrowing AccessRecord, into line: inout Output) {
    member(",\"identity\":\"", record.identity, into: &line)
    member(",\"subject\":\"", record.subject, into: &line)
    guard !record.denyCause.isEmpty else { return }
    if record.isShadowDenial {
      member(",\"would_deny\":\"", record.denyCause, into: &line)
    } else {
      member(",\"deny\":\"", record.denyCause, into: &line)
    }
    member(",\"rule\":\"", record.denyRule, into: &line)
  }

  private func appendTimes(_ record: borrowing AccessRecord, into line: inout Output) {
    line.append(",\"dur_ms\":")
    line.append(milliseconds: record.duration)
    if let firstByte = record.firstByte {
      line.append(",\"ttfb_ms\":")
      line.append(milliseconds: firstByte)
    }
    if let overhead = record.overhead {
      line.append(",\"overhead_ms\":")
      line.append(milliseconds: overhead)
    }
  }

  private func appendEnd(_ record: borrowing AccessRecord, into line: inout Output) {
    member(",\"error\":\"", record.reason, into: &line)
    member(",\"origin\":\"", record.origin, into: &line)
    member(",\"limit\":\"", record.limit, into: &line)
    guard !record.flags.isEmpty else { return }
    line.append(",\"flags\":[")
    if record.flags == .upstreamReused {
      // What nearly every line says.
      line.append("\"upstream_reused\"]")
      return
    }
    var isFirst = true
    for (flag, name) in AccessFlags.names where record.flags.contains(flag) {
      if isFirst { line.append("\"") } else { line.append(",\"") }
      line.append(name)
      line.append("\"")
      isFirst = false
    }
    line.append("]")
  }

  @inline(__always)
  private func member(_ key: StaticString, _ text: Span<UInt8>, into line: inout Output) {
    guard !text.isEmpty else { return }
    line.append(key)
    line.append(json: text, max: limits.shortBytesMax)
    line.append("\"")
  }

  @inline(__always)
  private func number(_ key: StaticString, _ value: UInt64, into line: inout Output) {
    line.append(key)
    line.append(decimal: value)
  }
}
