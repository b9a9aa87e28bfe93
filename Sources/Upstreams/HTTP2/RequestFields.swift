// A request's head as HTTP/2 sends it. RFC 9113 sections 8.2 and 8.3.1.

import Bytes
import HTTP1
import HTTP2
import HTTPMessage

/// Writes heads of requests and trailers for HTTP/2 upstreams.
enum RequestFields {
  private static let excluded: KnownFieldSet = {
    var fields = MessageEncoder.hopByHop
    // Said by `:authority`, from what the request was matched by.
    fields.insert(.host)
    // Credentials for this hop are nothing for the next one: RFC 9110 section 11.7.2.
    fields.insert(.proxyAuthorization)
    return fields
  }()
  /// What must not stand in any table: RFC 7541 section 7.1.3.
  private static let sensitive = KnownFieldSet([.authorization, .cookie])
  /// Fields whose values come again with the next requests.
  private static let repeating = KnownFieldSet([
    .accept, .acceptEncoding, .acceptLanguage, .contentType, .userAgent, .via, .forwarded,
    .xForwardedProto, .xForwardedHost, .xForwardedPort, .origin, .cacheControl,
  ])

  /// Puts the head into `output`, which is empty.
  ///
  /// - Throws: `unsafeField` when text that was added or rewritten holds what no field may hold.
  static func write(
    _ request: Request, authority: Span<UInt8>, isSecure: Bool, into output: OutgoingFields
  ) throws(HTTP1Error) {
    let target = request.text(request.target)
    guard !target.isEmpty, isSafe(target), isSafe(authority) else { throw .unsafeField }
    add(":method", request.text(request.methodText), .indexed, output)
    add(":scheme", (isSecure ? "https" : "http" as StaticString).bytes, .indexed, output)
    add(":authority", authority, .indexed, output)
    add(":path", target, .literal, output)
    try append(request.fields, excluding: excluded, to: output)
    // Trailers are passed on: a client that takes them may be promised them. gRPC insists.
    if request.fields.present.contains(.te), takesTrailers(request.fields) {
      add("te", ("trailers" as StaticString).bytes, .indexed, output)
    }
    if case .length(let count) = request.framing {
      output.append("content-length", number: count, .literal)
    } else if request.framing == .none, request.fields.present.contains(.contentLength) {
      output.append("content-length", number: 0, .indexed)
    }
  }

  /// Puts the fields behind a body into `output`, which is empty.
  static func write(trailers: FieldSection, into output: OutgoingFields) throws(HTTP1Error) {
    try append(trailers, excluding: ChunkedDecoder.forbiddenTrailers, to: output)
  }

  private static func append(
    _ fields: FieldSection, excluding excluded: KnownFieldSet, to output: OutgoingFields
  ) throws(HTTP1Error) {
    for index in fields.entries.indices {
      let entry = fields.entries[index]
      if entry.isRemoved || excluded.contains(entry.field) { continue }
      let value = fields.value(at: index)
      if entry.isAdded, value.firstControl(from: 0) != value.count { throw .unsafeField }
      let indexing: OutgoingFields.Indexing =
        if sensitive.contains(entry.field) {
          .sensitive
        } else {
          repeating.contains(entry.field) ? .indexed : .literal
        }
      output.append(name: fields.name(at: index), value: value, indexing)
    }
  }

  private static func takesTrailers(_ fields: FieldSection) -> Bool {
    for index in fields.entries.indices
    where fields.entries[index].field == .te && !fields.entries[index].isRemoved {
      if fields.value(at: index).hasElement("trailers") { return true }
    }
    return false
  }

  private static func add(
    _ name: StaticString, _ value: Span<UInt8>, _ indexing: OutgoingFields.Indexing,
    _ output: OutgoingFields
  ) {
    output.append(name: name.bytes, value: value, indexing)
  }

  private static func isSafe(_ text: Span<UInt8>) -> Bool {
    text.firstControl(from: 0) == text.count
      && text.firstIndex(of: ASCII.space, from: 0) == text.count
  }
}
