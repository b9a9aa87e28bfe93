// Scans of eight bytes at a time agree with a scan byte by byte, for every value at every place.

import Testing

@testable import Bytes

@Suite struct WordScanTests {
  @Test(arguments: 0...255)
  func `every scan finds every byte at every place`(_ value: Int) {
    let byte = UInt8(value)
    let isName = ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2D
    for count in 1...19 {
      for index in 0..<count {
        for filler: UInt8 in [0x61, 0x2D] {
          var bytes = [UInt8](repeating: filler, count: count)
          bytes[index] = byte
          for start in 0...index {
            #expect(
              bytes.span.firstControl(from: start) == (ASCII.isControl(byte) ? index : count))
            #expect(bytes.span.firstNonNameByte(from: start) == (isName ? count : index))
            let expected = byte == filler ? start : index
            #expect(bytes.span.firstIndex(of: byte, from: start) == expected)
          }
        }
      }
    }
  }

  @Test(arguments: 0...255)
  func `a control character is found at every place, and a graphic text has none`(_ value: Int) {
    let byte = UInt8(value)
    let isGraphic = byte > 0x20 && byte != 0x7F
    for count in 0...40 {
      for filler: UInt8 in [0x61, 0x80, 0xFF] {
        let plain = [UInt8](repeating: filler, count: count)
        #expect(plain.span.hasControl == false)
        #expect(plain.span.isGraphic == true)
        for index in 0..<count {
          var bytes = plain
          bytes[index] = byte
          #expect(bytes.span.hasControl == ASCII.isControl(byte))
          #expect(bytes.span.isGraphic == isGraphic)
        }
      }
    }
  }

  @Test(arguments: 0..<40)
  func `nothing before the start of a scan is found by it`(_ start: Int) {
    for value: UInt8 in [0, 0x0A, 0x1F, 0x7F, 0x80, 0xFF, 0x09] {
      for found in start...40 {
        var bytes = [UInt8](repeating: value, count: start)
        bytes += [UInt8](repeating: 0x62, count: 41 - start)
        bytes[found] = 0x0D
        #expect(bytes.span.firstControl(from: start) == found)
        #expect(bytes.span.firstNonNameByte(from: start) == found)
      }
    }
  }

  @Test func `neighbours of a byte do not hide it`() {
    for first in 0...255 {
      for second in 0...255 {
        let bytes: [UInt8] = [0x61, UInt8(first), UInt8(second), 0x61, 0x61, 0x61, 0x61, 0x61]
        let control = bytes.firstIndex(where: ASCII.isControl) ?? 8
        let isNone = bytes.span.firstControl(from: 0) == control
        let name =
          bytes.firstIndex { !ASCII.isLetter($0) && !ASCII.isDigit($0) && $0 != 0x2D } ?? 8
        if !isNone || bytes.span.firstNonNameByte(from: 0) != name {
          Issue.record("\(first) and \(second)")
        }
      }
    }
  }

  @Test(arguments: ["a", "host", "content-length", "x-a1", "abcdefgh", "abcdefghi"])
  func `names are equal whatever their case, and only then`(_ text: String) {
    let names: [StaticString] = [
      "a", "host", "content-length", "x-a1", "abcdefgh", "abcdefghi",
    ]
    for name in names {
      let isSame = text == name.bytes.text
      #expect(Array(text.utf8).span.equalsName(name) == isSame)
      #expect(Array(text.uppercased().utf8).span.equalsName(name) == isSame)
    }
  }

  @Test func `sets hold what the grammars say`() {
    func members(_ set: ByteSet) -> String {
      String(decoding: (0...255).map { UInt8($0) }.filter { set.contains($0) }, as: UTF8.self)
    }
    let digits = "0123456789"
    let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    let lower = "abcdefghijklmnopqrstuvwxyz"
    func sorted(_ text: String) -> String { String(text.sorted()) }
    #expect(members(.token) == sorted("!#$%&'*+-.^_`|~" + digits + upper + lower))
    #expect(members(.unreserved) == sorted("-._~" + digits + upper + lower))
    #expect(members(.path) == sorted("-._~!$&'()*+,=:@/" + digits + upper + lower))
    #expect(members(.hostName) == sorted("-._" + digits + upper + lower))
    let visible = String(decoding: (0x21...0x7E).map { UInt8($0) }, as: UTF8.self)
    #expect(members(.query) == visible.filter { !"\"<>#%".contains($0) })
  }
}
