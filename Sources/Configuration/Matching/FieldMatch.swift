// `header.NAME=`, `query.NAME=` and `cookie.NAME=` of a match. A name that a request has more than
// once equals no value: a gateway and an upstream that pick different ones of two would disagree on
// what was matched.

import Bytes

/// A header, query parameter or cookie whose single value is one of a list.
package struct FieldMatch: Sendable, Hashable {
  package enum Kind: Sendable, Hashable, CaseIterable { case header, query, cookie }

  package let kind: Kind
  /// Lower case for a header; query parameters and cookies keep their case.
  package let name: String
  /// Sorted, without repetitions, never empty. A query value is compared after its escapes are
  /// decoded.
  package let values: [String]

  /// Bytes of one value.
  private static let valueBytesMax = 1024

  /// The offset of an error counts in what is wrong, the name or the value: to know which of them
  /// it was, call `checkName` and `checkValue` before.
  package init(_ kind: Kind, name: String, values: [String]) throws(PatternError) {
    try Self.checkName(name, kind)
    guard !values.isEmpty else { throw PatternError("an empty list matches nothing", at: 0) }
    for value in values { try Self.checkValue(value, kind) }
    self.init(kind: kind, name: kind == .header ? name.lowercased() : name, values: Set(values))
  }

  private init(kind: Kind, name: String, values: Set<String>) {
    self.kind = kind
    self.name = name
    self.values = values.sorted()
  }

  /// Refuses what cannot be a name of this kind.
  package static func checkName(_ name: String, _ kind: Kind) throws(PatternError) {
    guard !name.isEmpty else { throw PatternError("a name is missing", at: 0) }
    guard kind != .query else { return }
    for (index, byte) in name.utf8.enumerated() where !isToken(byte) {
      throw PatternError("this character cannot stand in the name of a \(kind)", at: index)
    }
    guard kind == .header else { return }
    switch name.lowercased() {
    case "host": throw PatternError("match the host with host=", at: 0)
    case "cookie": throw PatternError("match a cookie with cookie.NAME=", at: 0)
    default: return
    }
  }

  /// Refuses what cannot be a value of this kind, since it would never match.
  package static func checkValue(_ value: String, _ kind: Kind) throws(PatternError) {
    let bytes = Array(value.utf8)
    guard bytes.count <= valueBytesMax else {
      throw PatternError("a value has at most \(valueBytesMax) bytes", at: valueBytesMax)
    }
    guard kind != .query else { return }
    for (index, byte) in bytes.enumerated() {
      let isEdge = index == 0 || index == bytes.count - 1
      let isBlank = byte == ASCII.space || byte == ASCII.tab
      if isBlank, isEdge {
        throw PatternError("a \(kind) never has a blank at the edge of its value", at: index)
      }
      guard isBlank || (byte > 32 && byte != 127) else {
        throw PatternError("a \(kind) has no control character in its value", at: index)
      }
      if kind == .cookie, byte == UInt8(ascii: ";") {
        throw PatternError("a cookie has no ';' in its value", at: index)
      }
    }
  }

  /// What both demand of the same name, or nil when no value meets both.
  package func intersection(_ other: FieldMatch) -> FieldMatch? {
    let common = Set(values).intersection(other.values)
    return common.isEmpty ? nil : FieldMatch(kind: kind, name: name, values: common)
  }

  /// RFC 9110 section 5.6.2.
  private static func isToken(_ byte: UInt8) -> Bool {
    ASCII.isLetter(byte) || ASCII.isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
