// The reader of JSON texts: one pass, no recursion beyond its bound, nothing repaired. RFC 8259.

import Bytes

/// Reads one JSON text. Members that stand twice are refused: two readers would take two of them.
package struct JSONReader: ~Escapable {
  /// Levels of objects and lists.
  package static let depthMax = 16
  /// Characters of one number: `1e1000000` has few, but nobody computes it.
  package static let numberCharactersMax = 32

  private let bytes: Span<UInt8>
  private var position = 0

  @_lifetime(copy bytes)
  private init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  package static func read(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    var reader = JSONReader(bytes)
    reader.skipBlanks()
    let value = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.position == bytes.count else { throw .syntax }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) throws(JSONError) {
    guard next == byte else { throw .syntax }
    position += 1
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try list(depth: depth)
    case UInt8(ascii: "\""): return .text(try text())
    case UInt8(ascii: "t"):
      try literal("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null")
      return .null
    default: return .number(try number())
    }
  }

  private mutating func literal(_ word: StaticString) throws(JSONError) {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count, bytes.extracting(position..<end).equals(word) else { throw .syntax }
    position = end
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    guard depth < Self.depthMax else { throw .tooDeep }
    position += 1
    var members: [String: JSONValue] = [:]
    skipBlanks()
    if next == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipBlanks()
      let name = try text()
      skipBlanks()
      try take(UInt8(ascii: ":"))
      skipBlanks()
      let value = try value(depth: depth + 1)
      guard members.updateValue(value, forKey: name) == nil else { throw .duplicateMember }
      skipBlanks()
      if next == UInt8(ascii: "}") { break }
      try take(UInt8(ascii: ","))
    }
    position += 1
    return .object(members)
  }

  private mutating func list(depth: Int) throws(JSONError) -> JSONValue {
    guard depth < Self.depthMax else { throw .tooDeep }
    position += 1
    var items: [JSONValue] = []
    skipBlanks()
    if next == UInt8(ascii: "]") {
      position += 1
      return .list(items)
    }
    while true {
      skipBlanks()
      items.append(try value(depth: depth + 1))
      skipBlanks()
      if next == UInt8(ascii: "]") { break }
      try take(UInt8(ascii: ","))
    }
    position += 1
    return .list(items)
  }

  // MARK: Numbers

  private mutating func number() throws(JSONError) -> String {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    // No leading zeros: 0123 is octal to some.
    if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    guard position - start <= Self.numberCharactersMax else { throw .numberTooLong }
    return bytes.extracting(start..<position).text
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, ASCII.isDigit(byte) { position += 1 }
    guard position > start else { throw .syntax }
  }

  // MARK: Strings

  private mutating func text() throws(JSONError) -> String {
    try take(UInt8(ascii: "\""))
    var units: [UInt8] = []
    while true {
      guard let byte = next else { throw .syntax }
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else { throw .notUTF8 }
        return text
      case UInt8(ascii: "\\"): try appendEscaped(to: &units)
      case 0..<32: throw .syntax
      default: units.append(byte)
      }
    }
  }

  private mutating func appendEscaped(to units: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw .syntax }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
    case UInt8(ascii: "b"): units.append(8)
    case UInt8(ascii: "f"): units.append(12)
    case UInt8(ascii: "n"): units.append(10)
    case UInt8(ascii: "r"): units.append(13)
    case UInt8(ascii: "t"): units.append(9)
    case UInt8(ascii: "u"): units += Array(try scalar().utf8)
    default: throw .syntax
    }
  }

  /// One scalar of one or two escapes; half a pair is no text.
  private mutating func scalar() throws(JSONError) -> String {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return String(Character(scalar)) }
    guard first < 0xDC00 else { throw .syntax }
    try take(UInt8(ascii: "\\"))
    try take(UInt8(ascii: "u"))
    let second = try hexadecimal()
    guard 0xDC00...0xDFFF ~= second,
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw .syntax }
    return String(Character(scalar))
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var number: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = ASCII.hexValue(byte) else { throw .syntax }
      number = number << 4 | UInt32(digit)
      position += 1
    }
    return number
  }
}
