// One cookie among those of a request: RFC 6265 section 4.2.1, and section 5.4 for several lines,
// which HTTP/2 makes of one.

import Bytes
import HTTPMessage

/// Finds the cookies of one name.
struct CookieCrumbs {
  private let name: [UInt8]
  /// How many there are.
  private(set) var found = 0
  /// The line of the last one, and its value there.
  private(set) var index = 0
  private(set) var value = 0..<0

  init(name: [UInt8]) { self.name = name }

  /// Looks at all Cookie lines; the first one stands at `start`.
  mutating func count(in fields: FieldSection, from start: Int) {
    for line in start..<fields.entries.count {
      let entry = fields.entries[line]
      guard entry.field == .cookie, !entry.isRemoved else { continue }
      let text = fields.value(at: line)
      var position = 0
      while let crumb = Self.next(text, &position) {
        guard Self.isNamed(name, text.extracting(crumb)) else { continue }
        found += 1
        index = line
        value = crumb.lowerBound + name.count + 1..<crumb.upperBound
      }
    }
  }

  /// Takes the cookies of a name off. Returns false when there is no room for what is left of a
  /// line.
  static func remove(named name: [UInt8], from fields: FieldSection) -> Bool {
    guard let start = fields.first(.cookie) else { return true }
    var kept = Output(capacity: 256)
    for line in start..<fields.entries.count {
      let entry = fields.entries[line]
      guard entry.field == .cookie, !entry.isRemoved else { continue }
      kept.clear()
      var isFound = false
      let text = fields.value(at: line)
      var position = 0
      while let crumb = next(text, &position) {
        if isNamed(name, text.extracting(crumb)) {
          isFound = true
          continue
        }
        if !kept.isEmpty { kept.append("; ") }
        kept.append(text.extracting(crumb))
      }
      guard isFound else { continue }
      fields.remove(at: line)
      if kept.isEmpty { continue }
      let cookie = KnownField.cookie
      guard fields.add(cookie, name: cookie.name.bytes, value: kept.bytes) else { return false }
    }
    return true
  }

  /// The next crumb without blanks around it; nil at the end.
  private static func next(_ text: Span<UInt8>, _ position: inout Int) -> Range<Int>? {
    guard position < text.count else { return nil }
    var start = position
    let end = text.firstIndex(of: UInt8(ascii: ";"), from: position)
    position = end + 1
    var last = end
    while start < last, FieldSyntax.isBlank(text[start]) { start += 1 }
    while last > start, FieldSyntax.isBlank(text[last - 1]) { last -= 1 }
    return start..<last
  }

  private static func isNamed(_ name: [UInt8], _ crumb: Span<UInt8>) -> Bool {
    crumb.count > name.count && crumb[name.count] == UInt8(ascii: "=")
      && crumb.extracting(0..<name.count).equals(name.span)
  }
}
