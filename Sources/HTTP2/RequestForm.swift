// A request's header block as the head of an HTTP/1.1 request: pseudo-fields become the request
// line and Host, cookie crumbs become one line. RFC 9113 sections 8.2.3 and 8.3.1. An extended
// CONNECT becomes the handshake that it stands for: RFC 8441 section 5.

import Bytes

/// Reads one block and writes it as text.
public struct RequestForm {
  /// What a block was.
  public enum Kind: Sendable {
    case request
    /// An extended CONNECT for WebSocket, written as the handshake of RFC 6455.
    case handshake
  }

  private let block: HeaderBlock
  /// What the handshake's key is; nil when extended CONNECT was not offered to the client.
  private let handshakeKey: (() -> [UInt8])?
  private var kind = Kind.request
  private var method: Range<Int>?
  private var protocolName: Range<Int>?
  private var scheme: Range<Int>?
  private var authority: Range<Int>?
  private var path: Range<Int>?
  private var regularFrom = 0
  private var hasCrumbs = false

  /// Writes the block behind what `buffer` holds.
  ///
  /// Throws what RFC 9113 says of the block itself; whether the text is a request that is served,
  /// the parser of HTTP/1 decides.
  ///
  /// - Parameter handshakeKey: makes the Sec-WebSocket-Key that an HTTP/1.1 upstream needs, and
  ///   RFC 8441 has none of; nil when the client was not told that it may use extended CONNECT.
  public static func write(
    _ block: HeaderBlock, into buffer: Buffer, handshakeKey: (() -> [UInt8])?
  ) throws(HTTP2FieldError) -> Kind {
    guard !block.isOverfull else { throw .tooLarge }
    var form = RequestForm(block, handshakeKey)
    try form.readPseudoFields()
    guard try form.writeLine(into: buffer), form.writeHandshake(into: buffer),
      try form.writeFields(into: buffer), form.writeCookie(into: buffer), buffer.append("\r\n")
    else { throw .tooLarge }
    return form.kind
  }

  private init(_ block: HeaderBlock, _ handshakeKey: (() -> [UInt8])?) {
    self.block = block
    self.handshakeKey = handshakeKey
  }

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
      } else if name.equals(":protocol"), handshakeKey != nil {
        try Self.set(&protocolName, field.value)
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

  private mutating func writeLine(into buffer: Buffer) throws(HTTP2FieldError) -> Bool {
    let block = block
    guard let method else { throw .missingPseudoField }
    let methodText = block.text(method)
    guard !methodText.isEmpty, ByteSet.token.containsAll(methodText) else { throw .badMethod }
    if methodText.equals("CONNECT") {
      try readConnect()
    } else if protocolName != nil {
      throw .misplacedPseudoField
    }
    guard let scheme, let path else { throw .missingPseudoField }
    let schemeText = block.text(scheme)
    guard schemeText.equals("https") || schemeText.equals("http") else { throw .badScheme }
    let target = block.text(path)
    guard !target.isEmpty, target[0] == 0x2F || target.equals("*") else { throw .badPath }
    let isMethodWritten =
      kind == .handshake ? buffer.append("GET") : buffer.append(methodText)
    guard isMethodWritten, buffer.append(" "), buffer.append(target),
      buffer.append(" HTTP/1.1\r\n")
    else { return false }
    guard let authority else { return true }
    return FieldForm.appendLine("host".utf8Span.span, block.text(authority), to: buffer)
  }

  /// RFC 9113 section 8.5: a plain tunnel has neither scheme nor path. RFC 8441 section 4: an
  /// extended one has both.
  private mutating func readConnect() throws(HTTP2FieldError) {
    guard let protocolName else {
      throw scheme == nil && path == nil && authority != nil
        ? .connectNotSupported : .misplacedPseudoField
    }
    guard scheme != nil, path != nil, authority != nil else { throw .missingPseudoField }
    guard block.text(protocolName).equals("websocket") else { throw .protocolNotSupported }
    kind = .handshake
  }

  private func writeHandshake(into buffer: Buffer) -> Bool {
    guard kind == .handshake, let handshakeKey else { return true }
    return buffer.append("connection: Upgrade\r\nupgrade: websocket\r\n")
      && FieldForm.appendLine(
        "sec-websocket-key".utf8Span.span, handshakeKey().span, to: buffer)
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
      // RFC 8441 section 5: the client's key means nothing. Ours stands there already.
      if kind == .handshake, name.equals("sec-websocket-key") { continue }
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
