// Decoded fields in the form of HTTP/1: lines of text. So one parser, with one set of rules,
// decides what every message means, whatever protocol it came by. What that form could hide is
// refused here: RFC 9113 sections 8.2 and 8.3.

import Bytes

/// Writes header blocks as lines.
public enum FieldForm {
  /// Fields of one connection, which do not exist in HTTP/2: RFC 9113 section 8.2.2.
  private static func isOfConnection(_ name: Span<UInt8>) -> Bool {
    switch name.count {
    case 7: name.equals("upgrade")
    case 10: name.equals("connection") || name.equals("keep-alive")
    case 16: name.equals("proxy-connection")
    case 17: name.equals("transfer-encoding")
    default: false
    }
  }

  /// Checks one regular field. RFC 9113 section 8.2.1, and what no line may hold.
  static func check(
    _ name: Span<UInt8>, _ value: Span<UInt8>
  ) throws(HTTP2FieldError) {
    guard !name.isEmpty else { throw .badFieldName }
    for index in 0..<name.count where !ByteSet.lowerCaseToken.contains(name[index]) {
      throw name[index] == 0x3A ? .misplacedPseudoField : .badFieldName
    }
    try checkValue(value)
    if isOfConnection(name) { throw .connectionField }
    if name.equals("te"), !value.equalsIgnoringCase("trailers") { throw .badTE }
  }

  static func checkValue(_ value: Span<UInt8>) throws(HTTP2FieldError) {
    guard value.firstControl(from: 0) == value.count else { throw .badFieldValue }
    guard !value.isEmpty else { return }
    if isBlank(value[0]) || isBlank(value[value.count - 1]) { throw .badFieldValue }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == ASCII.space || byte == ASCII.tab
  }

  static func appendLine(_ name: Span<UInt8>, _ value: Span<UInt8>, to buffer: Buffer) -> Bool {
    guard name.count + value.count + 4 <= buffer.freeCount else { return false }
    return buffer.write { output in
      output.append(name)
      output.append(": ")
      output.append(value)
      output.append("\r\n")
    }
  }

  /// Writes trailers as the end of a chunked body: its last chunk, the lines, and an empty line.
  public static func writeTrailers(
    _ block: HeaderBlock, into buffer: Buffer
  ) throws(HTTP2FieldError) {
    guard !block.isOverfull, buffer.append("0\r\n") else { throw .tooLarge }
    for field in block.fields {
      try check(block.text(field.name), block.text(field.value))
      guard appendLine(block.text(field.name), block.text(field.value), to: buffer) else {
        throw .tooLarge
      }
    }
    guard buffer.append("\r\n") else { throw .tooLarge }
  }
}
