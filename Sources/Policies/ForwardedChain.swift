// The addresses that proxies wrote down, as far as the nearest ones matter. X-Forwarded-For has no
// standard beyond its use; Forwarded is RFC 7239.

import Bytes
import HTTPMessage

/// The last hops of a forwarding field, in the order in which they were written. What is not an
/// address (`unknown`, a hidden name, a slip) keeps its place as nil, so that nothing to the left
/// of it is believed.
struct ForwardedChain {
  /// Hops that are looked at, from the right. More proxies in front of an edge do not exist; more
  /// entries do, in attacks.
  static let hopsMax = 16

  private var hops = InlineArray<16, IPAddress?>(repeating: nil)
  /// Hops seen; those before the last `hopsMax` have been forgotten.
  private var seen = 0

  /// How many hops are known.
  var count: Int { min(seen, Self.hopsMax) }

  /// A known hop; the last one is the nearest.
  subscript(index: Int) -> IPAddress? {
    hops[(seen - count + index) % Self.hopsMax]
  }

  /// Forgets all hops.
  mutating func clear() { seen = 0 }

  private mutating func append(_ hop: IPAddress?) {
    hops[seen % Self.hopsMax] = hop
    seen += 1
  }

  /// Reads all lines of X-Forwarded-For.
  mutating func readList(_ fields: FieldSection) {
    for (index, entry) in fields.entries.enumerated()
    where entry.field == .xForwardedFor && !entry.isRemoved {
      let value = fields.value(at: index)
      var start = 0
      while start <= value.count {
        let end = value.firstIndex(of: UInt8(ascii: ","), from: start)
        append(Self.node(Self.trimmed(value.extracting(start..<end))))
        start = end + 1
      }
    }
  }

  /// Reads all lines of Forwarded: the `for` of each element.
  mutating func readForwarded(_ fields: FieldSection) {
    for (index, entry) in fields.entries.enumerated()
    where entry.field == .forwarded && !entry.isRemoved {
      let value = fields.value(at: index)
      var start = 0
      while start <= value.count {
        let end = Self.endOfPart(value, from: start, separator: UInt8(ascii: ","))
        append(Self.forNode(value.extracting(start..<end)))
        start = end + 1
      }
    }
  }

  /// The address in the `for` parameter of one element; nil without exactly one.
  private static func forNode(_ element: Span<UInt8>) -> IPAddress? {
    var found: IPAddress?
    var count = 0
    var start = 0
    while start <= element.count {
      let end = endOfPart(element, from: start, separator: UInt8(ascii: ";"))
      let pair = trimmed(element.extracting(start..<end))
      if pair.count > 4, pair.extracting(0..<4).equalsIgnoringCase("for=") {
        count += 1
        var text = pair.extracting(4...)
        if text.count >= 2, text[0] == 0x22, text[text.count - 1] == 0x22 {
          text = text.extracting(1..<text.count - 1)
        }
        found = node(text)
      }
      start = end + 1
    }
    return count == 1 ? found : nil
  }

  /// The end of what stands before the next separator outside of quotes.
  private static func endOfPart(_ text: Span<UInt8>, from start: Int, separator: UInt8) -> Int {
    var isQuoted = false
    var index = start
    while index < text.count {
      let byte = text[index]
      if isQuoted && byte == UInt8(ascii: "\\") {
        index += 1
      } else if byte == 0x22 {
        isQuoted.toggle()
      } else if byte == separator && !isQuoted {
        return index
      }
      index += 1
    }
    return text.count
  }

  /// An address, perhaps with a port, which some proxies add: `192.0.2.1:4711`, `[2001:db8::1]:80`.
  private static func node(_ text: Span<UInt8>) -> IPAddress? {
    guard !text.isEmpty else { return nil }
    if text[0] == UInt8(ascii: "[") {
      let end = text.firstIndex(of: UInt8(ascii: "]"), from: 1)
      guard end < text.count, isPort(text.extracting((end + 1)...)) else { return nil }
      let address = text.extracting(1..<end)
      return address.firstIndex(of: UInt8(ascii: ":"), from: 0) < address.count
        ? IPAddress(parsing: address) : nil
    }
    let colon = text.firstIndex(of: UInt8(ascii: ":"), from: 0)
    guard colon < text.count,
      text.firstIndex(of: UInt8(ascii: ":"), from: colon + 1) == text.count
    else { return IPAddress(parsing: text) }
    guard isPort(text.extracting(colon...)) else { return nil }
    return IPAddress(parsing: text.extracting(0..<colon))
  }

  /// Nothing, or a colon and one to five digits.
  private static func isPort(_ text: Span<UInt8>) -> Bool {
    if text.isEmpty { return true }
    guard text[0] == UInt8(ascii: ":"), (2...6).contains(text.count) else { return false }
    for index in 1..<text.count where !ASCII.isDigit(text[index]) { return false }
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
}
