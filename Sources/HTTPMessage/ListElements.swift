// Elements of comma-separated field values. RFC 9110 section 5.6.1.

import Bytes

extension Span<UInt8> {
  /// Whether the list has this element, whatever the case. Quoted strings are not looked into.
  public func hasElement(_ lowercased: StaticString) -> Bool {
    var start = 0
    while start <= count {
      let end = firstIndex(of: UInt8(ascii: ","), from: start)
      var (first, last) = (start, end)
      while first < last, FieldSyntax.isBlank(self[first]) { first += 1 }
      while last > first, FieldSyntax.isBlank(self[last - 1]) { last -= 1 }
      if extracting(first..<last).equalsIgnoringCase(lowercased) { return true }
      start = end + 1
    }
    return false
  }
}
