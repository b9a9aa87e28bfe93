// Answers that Sluice makes itself: from a policy, or for a failure. RFC 9457 problem documents,
// RFC 9209 Proxy-Status.

import Bytes
import HTTPMessage

extension Exchange {
  /// Fills the response with an answer of our own. Fields that were there before are gone.
  public func answer(status: UInt16, contentType: StaticString?, body: [UInt8]) {
    response.reset()
    clearRendered()
    self.outcome.status = 0
    response.status = status
    response.framing = body.isEmpty ? .none : .length(UInt64(body.count))
    responseBody = body.isEmpty ? .none : .bytes(body)
    if let contentType { add(.contentType, "content-type", contentType) }
  }

  /// Adds a response field whose name and value are constants.
  public func add(_ field: KnownField, _ name: StaticString, _ value: StaticString) {
    add(field, name: name.bytes, value: value.bytes)
  }

  /// Adds a response field, or counts as an internal error when the block for added fields is full.
  public func add(_ field: KnownField, name: Span<UInt8>, value: Span<UInt8>) {
    if !response.fields.add(field, name: name, value: value) { self.isResponseOverfull = true }
  }

  /// Turns a failure into the response that tells it: the one place where this happens.
  public func answer(_ failure: Failure) {
    self.failure = failure
    let reason = failure.reason
    if isGRPC {
      answerGRPC(reason)
    } else {
      answer(
        status: reason.status, contentType: "application/problem+json", body: problem(reason))
    }
    add(.cacheControl, "cache-control", "no-store")
    if reason == .methodNotAllowed {
      add(.allow, name: "allow".utf8Span.span, value: allowedMethods.span)
    }
    for challenge in challenges {
      add(.wwwAuthenticate, name: "www-authenticate".utf8Span.span, value: challenge.span)
    }
    if self.retryAfter > 0 { addRetryAfter(self.retryAfter) }
    if let error = reason.proxyError {
      add(
        .proxyStatus, name: "proxy-status".utf8Span.span,
        value: "sluice; error=\(error)".utf8Span.span)
    }
  }

  /// RFC 9110 section 10.2.3, in seconds.
  private func addRetryAfter(_ seconds: UInt64) {
    var text = Output(capacity: 20)
    text.append(decimal: seconds)
    add(.retryAfter, name: KnownField.retryAfter.name.bytes, value: text.bytes)
  }

  private func problem(_ reason: Reason) -> [UInt8] {
    var body = Output(capacity: 256)
    body.append("{\"type\":\"")
    body.append(reason.problemType)
    body.append("\",\"title\":\"")
    body.append(reason.title)
    body.append("\",\"status\":")
    body.append(decimal: UInt64(reason.status))
    body.append(",\"reason\":\"")
    body.append(reason.token)
    if !self.requestID.isEmpty {
      let request = request
      // The id holds only letters, digits and -._: so needs no escaping.
      body.append("\",\"instance\":\"urn:request:")
      body.append(request.text(self.requestID))
    }
    body.append("\"")
    if !self.violatedPolicies.isEmpty {
      let request = request
      body.append(",\"violated-policies\":[")
      body.append(request.text(self.violatedPolicies))
      body.append("]")
    }
    body.append("}\n")
    return body.bytes.array
  }
}
