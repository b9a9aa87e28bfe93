// The grammar of names and values of fields, for text that does not come through a parser. RFC 9110
// section 5.

import Bytes

/// Checks of names and values before they are added to a message.
public enum FieldSyntax {
  /// Bytes of one field name. Longer ones occur in attacks alone; from 255 on, eight-bit length
  /// fields of other implementations wrapped (CVE-2021-40346).
  public static let nameBytesMax = 254

  /// Whether `text` is a token: RFC 9110 section 5.6.2.
  public static func isToken(_ text: Span<UInt8>) -> Bool {
    guard !text.isEmpty else { return false }
    var index = text.firstNonNameByte(from: 0)
    while index < text.count, ByteSet.token.contains(text[index]) {
      index = text.firstNonNameByte(from: index &+ 1)
    }
    return index == text.count
  }

  /// Whether `text` is a field name of acceptable length.
  public static func isName(_ text: Span<UInt8>) -> Bool {
    text.count <= nameBytesMax && isToken(text)
  }

  /// Whether `text` is a field value: no control characters but tabs, no blanks around it. RFC 9110
  /// section 5.5.
  public static func isValue(_ text: Span<UInt8>) -> Bool {
    if text.isEmpty { return true }
    return !isBlank(text[0]) && !isBlank(text[text.count - 1])
      && text.firstControl(from: 0) == text.count
  }

  /// Whether the byte is a space or a tab: `OWS`, RFC 9110 section 5.6.3.
  @inlinable public static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
}
