// The `tracestate` field: what tracing systems add to a trace. W3C Trace Context Level 2, section
// 3.3. Sluice adds no member of its own; it only judges whether the field may go on.

import Bytes
import HTTPMessage

enum TraceState {
  /// Members of all lines together: section 3.3.1.1.
  static let membersMax = 32

  /// Whether all lines of the field are well-formed and have no more members than allowed.
  static func isValid(in fields: FieldSection) -> Bool {
    var members = 0
    for (index, entry) in fields.entries.enumerated()
    where entry.field == .tracestate && !entry.isRemoved {
      guard count(fields.value(at: index), into: &members) else { return false }
    }
    return members <= membersMax
  }

  private static func count(_ value: Span<UInt8>, into members: inout Int) -> Bool {
    var start = 0
    while start <= value.count {
      var end = start
      while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
      let member = trimmed(value.extracting(start..<end))
      // Empty members are allowed, so that fields can be joined without looking at them.
      if !member.isEmpty {
        guard isMember(member) else { return false }
        members += 1
      }
      start = end + 1
    }
    return true
  }

  @_lifetime(copy text)
  private static func trimmed(_ text: Span<UInt8>) -> Span<UInt8> {
    var start = 0
    var end = text.count
    while start < end, FieldSyntax.isBlank(text[start]) { start += 1 }
    while end > start, FieldSyntax.isBlank(text[end - 1]) { end -= 1 }
    return text.extracting(start..<end)
  }

  /// `key=value`: section 3.3.1.3.
  private static func isMember(_ member: Span<UInt8>) -> Bool {
    var equals = 0
    while equals < member.count, isKeyByte(member[equals]) { equals += 1 }
    guard (1...256).contains(equals), equals < member.count, member[equals] == UInt8(ascii: "=")
    else { return false }
    // A key begins with a letter or, since Level 2, a digit.
    guard ASCII.isLetter(member[0]) || ASCII.isDigit(member[0]) else { return false }
    let count = member.count - equals - 1
    guard (1...256).contains(count) else { return false }
    for index in equals + 1..<member.count {
      let byte = member[index]
      guard byte >= 0x20, byte <= 0x7E, byte != UInt8(ascii: "=") else { return false }
    }
    return true
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 97...122, 48...57, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"),
      UInt8(ascii: "/"), UInt8(ascii: "@"):
      true
    default: false
    }
  }
}
