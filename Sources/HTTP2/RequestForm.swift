// A request's header block as the head of an HTTP/1.1 request: pseudo-fields become the request
// line and Host, cookie crumbs become one line. RFC 9113 sections 8.2.3 and 8.3.1.

import Bytes

/// Reads one block and writes it as text.
public struct RequestForm {
  private let block: HeaderBlock
  private var method: Range<Int>?
  private var scheme: Range<Int>?
  private var authority: Range<Int>?
  private var path: Range<Int>?
  private var regularFrom = 0
  private var hasCrumbs = false

  /// Writes the block behind what `buffer` holds.
  ///
  /// Throws what RFC 9113 says of the block itself; whether the text is a request that is served,
  /// the parser of HTTP/1 decides.
  public static func write(
    _ block: HeaderBlock, into buffer: Buffer
  ) throws(HTTP2FieldError) {
    guard !block.isOverfull else { throw .tooLarge }
    var form = RequestForm(block)
    try form.readPseudoFields()
    guard try form.writeLine(into: buffer), try form.writeFields(into: buffer),
      form.writeCookie(into: buffer), buffer.append("\r\n")
    else { throw .tooLarge }
  }

  private init(_ block: HeaderBlock) { self.block = block }

  private mutating func readPseudoFields() throws(HTTP2FieldError) {
    let block = block
    for field in block.fields {
      let name = block.text(field.name)
      guard !name.isEmpty, name[0] == 0x3A else { break }
      try FieldForm.checkValue(block.text(field.value))
      if name.equals(":method") {
        try Self.set(&method, field.value)
      } else if name.equals(":path") {
        try Self.set(&path, field.value)
      } else if name.equals(":scheme") {
        try Self.set(&scheme, field.value)
      } else if name.equals(":authority") {
        try Self.set(&authority, field.value)
      } else {
        throw .unknownPseudoField
      }
      regularFrom += 1
    }
  }

  private static func set(
    _ place: inout Range<Int>?, _ value: Range<Int>
  ) throws(HTTP2FieldError) {
    guard place == nil else { throw .duplicatePseudoField }
    place = value
  }

  private func writeLine(into buffer: Buffer) throws(HTTP2FieldError) -> Bool {
    guard let method else { throw .missingPseudoField }
    let methodText = block.text(method)
    guard !methodText.isEmpty, ByteSet.token.containsAll(methodText) else { throw .badMethod }
    if methodText.equals("CONNECT") {
      // RFC 9113 section 8.5: a tunnel has neither scheme nor path.
      throw scheme == nil && path == nil && authority != nil
        ? .connectNotSupported : .misplacedPseudoField
    }
    guard let scheme, let path else { throw .missingPseudoField }
    let schemeText = block.text(scheme)
    guard schemeText.equals("https") || schemeText.equals("http") else { throw .badScheme }
    let target = block.text(path)
    guard !target.isEmpty, target[0] == 0x2F || target.equals("*") else { throw .badPath }
    guard buffer.append(methodText), buffer.append(" "), buffer.append(target),
      buffer.append(" HTTP/1.1\r\n")
    else { return false }
    guard let authority else { return true }
    return FieldForm.appendLine("host".utf8Span.span, block.text(authority), to: buffer)
  }

  private mutating func writeFields(into buffer: Buffer) throws(HTTP2FieldError) -> Bool {
    let block = block
    for field in block.fields[regularFrom...] {
      let name = block.text(field.name)
      let value = block.text(field.value)
      try FieldForm.check(name, value)
      if name.equals("cookie") {
        hasCrumbs = true
        continue
      }
      if name.equals("host"), let authority {
        // RFC 9113 section 8.3.1: what a client repeats there must be the same.
        guard value.equalsIgnoringCase(block.text(authority)) else { throw .hostMismatch }
        continue
      }
      guard FieldForm.appendLine(name, value, to: buffer) else { return false }
    }
    return true
  }

  private func writeCookie(into buffer: Buffer) -> Bool {
    guard hasCrumbs else { return true }
    var isFirst = true
    for field in block.fields[regularFrom...] where block.text(field.name).equals("cookie") {
      guard buffer.append(isFirst ? "cookie: " : "; "), buffer.append(block.text(field.value))
      else { return false }
      isFirst = false
    }
    return buffer.append("\r\n")
  }
}
