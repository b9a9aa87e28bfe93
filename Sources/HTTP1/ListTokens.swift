// Comma-separated lists of tokens: RFC 9110 section 5.6.1.

import Bytes
import HTTPMessage

/// Walks over the tokens of a list. Empty elements are skipped, as the RFC asks of recipients.
struct ListTokens {
  private var index = 0

  /// Where the next token stands in `text`, or nil at its end; throws when an element is no token.
  mutating func next(in text: Span<UInt8>) throws(HTTP1Error) -> Range<Int>? {
    while index < text.count, text[index] == 0x2C || FieldSyntax.isBlank(text[index]) { index += 1 }
    guard index < text.count else { return nil }
    let start = index
    while index < text.count, ByteSet.token.contains(text[index]) { index += 1 }
    let end = index
    while index < text.count, FieldSyntax.isBlank(text[index]) { index += 1 }
    guard end > start, index == text.count || text[index] == 0x2C else { throw .badConnection }
    return start..<end
  }
}
