// A response's header block as the head of an HTTP/1.1 response, for the one parser that decides
// what a head means. RFC 9113 section 8.3.2.

import Bytes

public enum ResponseHeadForm {
  /// Writes the block behind what `buffer` holds.
  public static func write(
    _ block: HeaderBlock, into buffer: Buffer
  ) throws(HTTP2FieldError) {
    guard !block.isOverfull else { throw .tooLarge }
    guard let first = block.fields.first, block.text(first.name).equals(":status") else {
      throw .missingPseudoField
    }
    let status = block.text(first.value)
    guard status.count == 3, ASCII.isDigit(status[0]), ASCII.isDigit(status[1]),
      ASCII.isDigit(status[2])
    else { throw .badStatus }
    guard buffer.append("HTTP/1.1 "), buffer.append(status), buffer.append(" \r\n") else {
      throw .tooLarge
    }
    for field in block.fields.dropFirst() {
      let name = block.text(field.name)
      let value = block.text(field.value)
      try FieldForm.check(name, value)
      guard FieldForm.appendLine(name, value, to: buffer) else { throw .tooLarge }
    }
    guard buffer.append("\r\n") else { throw .tooLarge }
  }
}
