// Names of fields and the way back from a spelling.

import Bytes
import Testing

@testable import HTTPMessage

@Suite struct KnownFieldTests {
  @Test(arguments: KnownField.allCases.filter { $0 != .other })
  func `a field is found by its name in any case, and its name is the case's`(_ field: KnownField) {
    let name = field.name.bytes.text
    #expect(name.replacing("-", with: "").lowercased() == "\(field)".lowercased())
    for spelling in [name, name.lowercased(), name.uppercased()] {
      #expect(KnownField(name: Array(spelling.utf8).span) == field)
    }
  }

  @Test(arguments: KnownField.allCases.filter { $0 != .other })
  func `no other name is taken for a field`(_ field: KnownField) {
    let name = Array(field.name.bytes.text.utf8)
    for index in name.indices {
      for mask: UInt8 in [0x01, 0x02, 0x10, 0x40, 0x80, 0xA0] {
        var other = name
        other[index] ^= mask
        let found = KnownField(name: other.span)
        #expect(found == .other || found.name.bytes.equalsIgnoringCase(other.span))
      }
      // The bit that tells cases of letters apart, which turns `-` into a CR and digits into
      // controls.
      if !ASCII.isLetter(name[index]) {
        var other = name
        other[index] ^= 0x20
        #expect(KnownField(name: other.span) == .other)
      }
    }
    #expect(KnownField(name: (name + [0x61]).span) != field)
    #expect(KnownField(name: Array(name.dropLast()).span) != field)
  }

  @Test(arguments: ["", "a", "x-unknown", "Content_Length", "Content-Lengt", "Hos", "Hostt"])
  func `an unknown name is other`(_ name: String) {
    #expect(KnownField(name: Array(name.utf8).span) == .other)
  }

  @Test func `what discloses is what answers lose, and nothing that clients need`() {
    let needed = KnownFieldSet([
      .contentType, .contentLength, .setCookie, .location, .date, .vary, .link, .xRequestID,
      .traceparent, .retryAfter, .cacheControl, .strictTransportSecurity,
    ])
    #expect(!KnownField.disclosing.intersects(needed))
    #expect(KnownField.disclosing.contains(.server))
    #expect(KnownField.allCases.count { KnownField.disclosing.contains($0) } == 86)
  }
}
