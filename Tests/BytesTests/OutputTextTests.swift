// Numbers and JSON text as Output writes them.

import Bytes
import Testing

@Suite struct OutputTextTests {
  @Test(
    arguments: [
      0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 99_999, 100_000, 123_456_789, 1 << 32, .max,
    ] as [UInt64])
  func `a decimal number reads back`(_ number: UInt64) {
    var output = Output(capacity: 1)
    output.append(decimal: number)
    #expect(output.bytes.text == String(number))
  }

  @Test func `every number of up to four digits reads back`() {
    var output = Output(capacity: 1)
    for number in 0...9999 {
      output.clear()
      output.append(decimal: UInt64(number))
      #expect(output.bytes.text == String(number))
    }
  }

  @Test func `a hexadecimal number has its digits and at least its width`() {
    for shift in 0...63 {
      for number: UInt64 in [
        1 << UInt64(shift), UInt64.max >> UInt64(shift), 0xFEDC_BA98_7654_3210,
      ] {
        for width in 0...16 {
          let digits = number == 0 ? "" : String(number, radix: 16)
          var output = Output(capacity: 1)
          output.append(hex: number, width: width)
          let padding = String(repeating: "0", count: max(0, width - digits.count))
          #expect(output.bytes.text == padding + digits)
        }
      }
    }
  }

  @Test func `sixteen digits and a UUID have all their zeros`() {
    for number: UInt64 in [0, 1, 0x0F, 1 << 32, 0xFEDC_BA98_7654_3210, .max] {
      for other: UInt64 in [0, 0x0123_4567_89AB_CDEF, .max] {
        var output = Output(capacity: 1)
        output.append(sixteenHexDigits: number)
        output.append(sixteenHexDigits: other)
        let digits = output.bytes.text
        #expect(digits == Self.sixteen(number) + Self.sixteen(other))
        output.clear()
        output.append(uuid: number, other)
        var expected = ""
        for (index, digit) in digits.enumerated() {
          if [8, 12, 16, 20].contains(index) { expected.append("-") }
          expected.append(digit)
        }
        #expect(output.bytes.text == expected)
      }
    }
  }

  private static func sixteen(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  @Test(arguments: 0...20)
  func `text is written into a buffer whole or not at all`(_ count: Int) {
    let buffer = Buffer(capacity: 12)
    #expect(buffer.append("ab"))
    let isWritten = buffer.write { output in
      for _ in 0..<count { output.append(UInt8(ascii: "x")) }
    }
    #expect(isWritten == (count <= 10))
    #expect(buffer.bytes.text == "ab" + String(repeating: "x", count: isWritten ? count : 0))
  }

  @Test(
    arguments: [(7, 2, "07"), (123, 3, "123"), (5, 9, "000000005"), (1234, 2, "34")]
      as [(UInt64, Int, String)])
  func `a padded number has its width`(number: UInt64, width: Int, expected: String) {
    var output = Output(capacity: 1)
    output.append(decimal: number, width: width)
    #expect(output.bytes.text == expected)
  }

  @Test(
    arguments: [
      (0, "0.000"), (999, "0.000"), (1000, "0.001"), (1_234_567, "1.234"),
      (10_000_000_000, "10000.000"), (UInt64.max, "18446744073709.551"),
    ] as [(UInt64, String)])
  func `a duration is milliseconds with three decimals`(nanoseconds: UInt64, expected: String) {
    var output = Output(capacity: 1)
    output.append(milliseconds: nanoseconds)
    #expect(output.bytes.text == expected)
  }

  static let escapes: [(bytes: [UInt8], expected: String)] = [
    (Array("plain".utf8), "plain"),
    (Array("a\"b\\c".utf8), "a\\\"b\\\\c"),
    ([0, 8, 9, 10, 13, 0x1F, 0x20, 0x7F], "\\u0000\\u0008\\t\\n\\r\\u001f \\u007f"),
    (Array("é€😀".utf8), "é€😀"),
    ([0xC2, 0x80, 0xC2, 0x9F, 0xC2, 0xA0], "\\u0080\\u009f\u{A0}"),
    (Array("\u{2028}\u{2029}".utf8), "\\u2028\\u2029"),
    (Array("\u{202E}x\u{2066}".utf8), "\\u202ex\\u2066"),
    ([0x61, 0xFF, 0x62], "a\\ufffdb"),
    ([0xC0, 0xAF], "\\ufffd\\ufffd"),  // overlong
    ([0xED, 0xA0, 0x80], "\\ufffd\\ufffd\\ufffd"),  // surrogate
    ([0xF4, 0x90, 0x80, 0x80], "\\ufffd\\ufffd\\ufffd\\ufffd"),  // over U+10FFFF
    ([0xE2, 0x82], "\\ufffd\\ufffd"),  // cut short
    ([0x80], "\\ufffd"),
  ]

  @Test(arguments: escapes)
  func `untrusted text becomes the inside of a JSON string`(bytes: [UInt8], expected: String) {
    // At every distance from the start, so that all widths of the fast path meet the special byte.
    for padding in 0...40 {
      let prefix = String(repeating: "x", count: padding)
      var output = Output(capacity: 1)
      output.append(json: (Array(prefix.utf8) + bytes + Array("tail".utf8)).span)
      #expect(output.bytes.text == prefix + expected + "tail")
    }
  }

  @Test func `every single byte is either plain, escaped or replaced`() {
    for byte in UInt8.min...UInt8.max {
      var output = Output(capacity: 1)
      output.append(json: Array(repeating: byte, count: 17).span)
      let isPlain = byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
      #expect(output.count == (isPlain ? 17 : output.count))
      #expect((output.count > 17) == !isPlain)
      let text = output.bytes
      for index in 0..<text.count { #expect(text[index] >= 0x20 && text[index] < 0x7F) }
    }
  }

  @Test(arguments: [
    ("abcd", 4, "abcd"), ("abcde", 4, "abcd…[+1]"), ("ab€", 4, "ab…[+3]"), ("ab€", 5, "ab€"),
    ("a😀b", 2, "a…[+5]"), ("", 0, ""), ("ab", 0, "…[+2]"),
  ])
  func `text over its bound is cut between characters and says by how much`(
    text: String, max: Int, expected: String
  ) {
    var output = Output(capacity: 1)
    output.append(json: Array(text.utf8).span, max: max)
    #expect(output.bytes.text == expected)
  }

  @Test func `letters become lower-case, whatever stands beside them`() {
    for start in 0..<9 {
      for count in 0..<20 {
        var output = Output(capacity: 8)
        let bytes = (0..<40).map { UInt8(truncatingIfNeeded: $0 * 7 + start * 31 + count) }
        output.append(bytes)
        output.lowercase(start..<start + count)
        let expected = bytes.enumerated().map { index, byte in
          (start..<start + count).contains(index) ? ASCII.lowercase(byte) : byte
        }
        #expect(output.bytes.array == expected)
      }
    }
  }

  @Test func `every byte has the lower case that ASCII gives it`() {
    var output = Output(capacity: 256)
    output.append((0...255).map { UInt8($0) })
    output.lowercase(0..<256)
    #expect(output.bytes.array == (0...255).map { ASCII.lowercase(UInt8($0)) })
  }
}
