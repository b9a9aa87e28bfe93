// The value of a name in a query or in a Cookie field, as it was sent, without decoding.

import Bytes

package enum NamedValue {
  /// The first `name=value` of a query; empty when there is none.
  @_lifetime(copy query)
  package static func inQuery(_ query: Span<UInt8>, name: Span<UInt8>) -> Span<UInt8> {
    find(name, in: query, separator: UInt8(ascii: "&"))
  }

  /// The first cookie of that name: RFC 6265 section 4.2.1.
  @_lifetime(copy cookies)
  package static func inCookies(_ cookies: Span<UInt8>, name: Span<UInt8>) -> Span<UInt8> {
    find(name, in: cookies, separator: UInt8(ascii: ";"))
  }

  @_lifetime(copy text)
  private static func find(
    _ name: Span<UInt8>, in text: Span<UInt8>, separator: UInt8
  ) -> Span<UInt8> {
    var start = 0
    while start < text.count {
      while start < text.count, text[start] == ASCII.space { start += 1 }
      let end = text.firstIndex(of: separator, from: start)
      let valueStart = start + name.count + 1
      if valueStart <= end, text[valueStart - 1] == UInt8(ascii: "="),
        text.extracting(start..<valueStart - 1).equals(name)
      {
        return text.extracting(valueStart..<end)
      }
      start = end + 1
    }
    return text.extracting(0..<0)
  }
}
