// Reads a path pattern from its text, segment by segment.

import Bytes

struct PathPatternReader {
  private(set) var segments: [PathPattern.Segment] = []
  private(set) var captures: [PathPattern.Capture] = []
  private let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func read() throws(PatternError) {
    guard bytes.first == UInt8(ascii: "/") else {
      throw PatternError("a path pattern starts with '/'", at: 0)
    }
    var start = 1
    for index in 1...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: "/") {
      try readSegment(start..<index)
      start = index + 1
    }
  }

  private mutating func readSegment(_ range: Range<Int>) throws(PatternError) {
    let isLast = range.upperBound == bytes.count
    guard segments.count < PathPattern.segmentsMax else {
      throw PatternError(
        "a path pattern has at most \(PathPattern.segmentsMax) segments", at: range.lowerBound)
    }
    let text = bytes[range]
    if text.elementsEqual("**".utf8) {
      guard isLast else {
        throw PatternError("'**' stands only at the end of a path pattern", at: range.lowerBound)
      }
      segments.append(.rest)
    } else if text.first == UInt8(ascii: "{") {
      try readParameter(range)
    } else {
      guard isLast || !text.isEmpty else {
        throw PatternError("a path pattern has no empty segment inside", at: range.lowerBound)
      }
      try checkLiteral(range)
      segments.append(.literal(String(decoding: text, as: UTF8.self)))
    }
  }

  private mutating func readParameter(_ range: Range<Int>) throws(PatternError) {
    guard bytes[range].last == UInt8(ascii: "}") else {
      throw PatternError("a parameter is a whole segment, as in /orders/{id}", at: range.lowerBound)
    }
    let inner = range.lowerBound + 1..<range.upperBound - 1
    let name = String(decoding: bytes[inner], as: UTF8.self)
    guard !inner.isEmpty else {
      throw PatternError("a parameter needs a name, as in {id}", at: inner.lowerBound)
    }
    for index in inner {
      let byte = bytes[index]
      let isMark = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      let isInner = index > inner.lowerBound && (ASCII.isDigit(byte) || isMark)
      guard ASCII.isLetter(byte) || isInner else {
        throw PatternError(
          "a parameter's name is a letter, then letters, digits, '-' and '_'", at: index)
      }
    }
    guard name != "rest" else {
      throw PatternError("the name 'rest' is kept for what '**' takes", at: inner.lowerBound)
    }
    guard !captures.contains(where: { $0.name == name }) else {
      throw PatternError("the parameter '\(name)' stands twice", at: inner.lowerBound)
    }
    guard captures.count < PathPattern.capturesMax else {
      throw PatternError(
        "a path pattern has at most \(PathPattern.capturesMax) parameters", at: range.lowerBound)
    }
    captures.append(PathPattern.Capture(name: name, segment: segments.count))
    segments.append(.parameter)
  }

  private func checkLiteral(_ range: Range<Int>) throws(PatternError) {
    let text = bytes[range]
    guard !text.elementsEqual(".".utf8), !text.elementsEqual("..".utf8) else {
      throw PatternError("a path pattern has no dot segments", at: range.lowerBound)
    }
    var index = range.lowerBound
    while index < range.upperBound {
      if bytes[index] == UInt8(ascii: "%") {
        try checkEscape(at: index, before: range.upperBound)
        index += 3
      } else {
        try checkByte(bytes[index], at: index)
        index += 1
      }
    }
  }

  /// A canonical path escapes only what it must, in upper-case digits. RFC 3986 section 6.2.2.
  private func checkEscape(at index: Int, before end: Int) throws(PatternError) {
    guard index + 2 < end, let high = ASCII.hexValue(bytes[index + 1]),
      let low = ASCII.hexValue(bytes[index + 2])
    else { throw PatternError("'%' is followed by two hexadecimal digits", at: index) }
    for digit in [index + 1, index + 2] where bytes[digit] >= UInt8(ascii: "a") {
      throw PatternError("write the digits of an escape in upper case", at: digit)
    }
    let byte = high << 4 | low
    guard !Self.isUnreserved(byte) else {
      let character = Character(UnicodeScalar(byte))
      throw PatternError("write '\(character)' itself: it needs no escape", at: index)
    }
    guard byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "/"), byte != UInt8(ascii: "\\") else {
      throw PatternError("no request has this escape in its path: it is refused before", at: index)
    }
  }

  private func checkByte(_ byte: UInt8, at index: Int) throws(PatternError) {
    switch byte {
    case UInt8(ascii: "*"):
      throw PatternError(
        "'*' is no wildcard here; '**' as the last segment takes the rest", at: index)
    case UInt8(ascii: "{"), UInt8(ascii: "}"):
      throw PatternError("a parameter is a whole segment, as in /orders/{id}", at: index)
    case UInt8(ascii: "?"):
      throw PatternError("a path pattern has no query; match it with query.NAME=", at: index)
    case UInt8(ascii: ";"), UInt8(ascii: "\\"), UInt8(ascii: "#"):
      throw PatternError(
        "no request has '\(Character(UnicodeScalar(byte)))' in its path: it is refused before",
        at: index)
    case 0x80...:
      throw PatternError("write what is outside ASCII as escapes, as in %C3%A9", at: index)
    case _ where Self.isUnreserved(byte) || "!$&'()+,=:@".utf8.contains(byte):
      return
    default:
      throw PatternError("this character cannot stand in a path; write it as an escape", at: index)
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    ASCII.isLetter(byte) || ASCII.isDigit(byte) || "-._~".utf8.contains(byte)
  }
}
