// Heads of responses as fields of HTTP/2: the same fields that go on in HTTP/1, without those that
// its connections need. RFC 9113 section 8.3.2.

import Bytes
import HTTP1
import HTTP2
import HTTPMessage

/// Writes heads and trailers of responses.
enum ResponseForm {
  /// Fields that say the same in most answers of a server: the encoder's table makes each of them
  /// one byte. All others are of one message only.
  private static let repeated = KnownFieldSet([
    .server, .vary, .contentType, .contentEncoding, .cacheControl, .allow, .acceptRanges,
    .accessControlAllowOrigin, .accessControlAllowCredentials, .accessControlAllowMethods,
    .accessControlAllowHeaders, .accessControlExposeHeaders, .accessControlMaxAge, .altSvc,
    .strictTransportSecurity, .xContentTypeOptions, .xFrameOptions, .referrerPolicy,
    .contentSecurityPolicy, .permissionsPolicy, .contentLanguage,
  ])

  /// Fills `output` with the head.
  ///
  /// - Parameter blocks: lines that were rendered before; they replace all other lines of the same
  ///   known fields.
  /// - Throws: `unsafeField` when a field that was added holds a control character.
  static func write(
    _ response: ResponseHead, framing: BodyFraming, answering request: Request,
    blocks: [FieldBlock], into output: OutgoingFields
  ) throws(HTTP1Error) {
    output.clear()
    output.append(":status", number: UInt64(response.status), .indexed)
    var excluded = MessageEncoder.hopByHop
    // An answer without its body may still tell how long the body would be: RFC 9110 section 8.6.
    let isBodiless = request.method == .head || response.status == 304
    if isBodiless { excluded.remove(.contentLength) }
    for block in blocks {
      var fields = block.fields
      fields.remove(.other)
      excluded.formUnion(fields)
    }
    try write(response.fields, excluding: excluded, into: output)
    if !isBodiless, response.status >= 200, response.status != 204 {
      switch framing {
      case .length(let length): output.append("content-length", number: length, .literal)
      case .none: output.append("content-length", number: 0, .indexed)
      case .chunked, .untilClose: break
      }
    }
    for block in blocks { write(block, into: output) }
  }

  /// Fills `output` with trailers.
  static func write(
    _ trailers: FieldSection, into output: OutgoingFields
  ) throws(HTTP1Error) {
    output.clear()
    try write(trailers, excluding: MessageEncoder.hopByHop, into: output)
  }

  private static func write(
    _ fields: FieldSection, excluding excluded: KnownFieldSet, into output: OutgoingFields
  ) throws(HTTP1Error) {
    let entries = fields.entries
    for index in entries.indices {
      let entry = entries[index]
      if entry.isRemoved || excluded.contains(entry.field) { continue }
      let value = fields.value(at: index)
      guard !entry.isAdded || value.firstControl(from: 0) == value.count else {
        throw .unsafeField
      }
      output.append(
        name: fields.name(at: index), value: value,
        repeated.contains(entry.field) ? .indexed : .literal)
    }
  }

  private static func write(_ block: FieldBlock, into output: OutgoingFields) {
    // The date is of this second only.
    let indexing: OutgoingFields.Indexing =
      block.fields.contains(.date) ? .literal : .indexed
    let lines = block.lines
    output.append(
      lines: block.bytes.span, count: lines.count, isLowerCase: block.isLowerCase, indexing
    ) { index in
      (lines[index].name, lines[index].value)
    }
  }
}
