// Sections of fields: runs, removal, added lines, and offsets that follow their block.

import Bytes
import Testing

@testable import HTTPMessage

@Suite struct FieldSectionTests {
  private let names = ["Host", "X-A", "Cookie", "x-a", "Via"]

  /// A section with one received line per name, whose value is its index.
  private func section() -> FieldSection {
    let section = FieldSection(addedBytesMax: 128)
    let buffer = Buffer(capacity: 256)
    for (index, name) in names.enumerated() {
      let start = buffer.end
      _ = buffer.append(Array("\(name):  \(index)\r\n".utf8).span)
      let isTaken = section.appendReceived(
        FieldEntry(
          start: start, nameCount: name.utf8.count, valueOffset: name.utf8.count + 3, valueCount: 1,
          lineCount: buffer.end - start, field: KnownField(name: Array(name.utf8).span),
          isAdded: false))
      #expect(isTaken)
    }
    section.attach(buffer)
    return section
  }

  private func written(_ section: FieldSection, without excluded: [KnownField] = []) -> String? {
    var output = Output(capacity: 8)
    let isSafe = section.appendLines(to: &output, excluding: KnownFieldSet(excluded))
    return isSafe ? output.bytes.text : nil
  }

  private func add(_ section: FieldSection, _ name: String, _ value: String) -> Bool {
    let name = Array(name.utf8)
    return section.add(
      KnownField(name: name.span), name: name.span, value: Array(value.utf8).span)
  }

  @Test func `received lines are written as they came`() {
    #expect(written(section()) == "Host:  0\r\nX-A:  1\r\nCookie:  2\r\nx-a:  3\r\nVia:  4\r\n")
  }

  @Test func `removed and excluded lines are not written, added ones are`() {
    let section = section()
    section.removeAll(named: Array("x-a".utf8).span)
    #expect(add(section, "X-Request-ID", "r"))
    #expect(add(section, "Via", "1.1 s"))
    #expect(
      written(section, without: [.cookie])
        == "Host:  0\r\nVia:  4\r\nX-Request-ID: r\r\nVia: 1.1 s\r\n")
    section.remove(.via)
    #expect(written(section) == "Host:  0\r\nCookie:  2\r\nX-Request-ID: r\r\n")
  }

  @Test(arguments: ["a\r\nb: c", "a\nb", "a\rb", "a\0", "\u{7F}", "\r\n"])
  func `an added line with a control character is not written`(_ value: String) {
    let section = section()
    #expect(add(section, "X-B", value))
    #expect(written(section) == nil)
  }

  @Test func `an added name with a line break is not written`() {
    let section = section()
    #expect(add(section, "X\r\nY", "1"))
    #expect(written(section) == nil)
  }

  @Test func `offsets follow a block that moves, and added lines stay`() {
    let section = section()
    #expect(add(section, "X-B", "b"))
    let before = written(section)
    let other = Buffer(capacity: 512)
    _ = other.append([UInt8](repeating: 0, count: 17).span)
    let received = section.entries.filter { !$0.isAdded }.map(\.line.upperBound).max() ?? 0
    _ = other.append(section.text(0..<received, isAdded: false))
    section.moveReceived(by: 17)
    section.attach(other)
    #expect(written(section) == before)
  }

  @Test func `a section takes as many lines as it says`() {
    let section = FieldSection(addedBytesMax: 16 * 1024)
    for _ in 0..<FieldSection.entriesMax { #expect(add(section, "A", "b")) }
    #expect(!add(section, "A", "b"))
  }

  @Test func `a section takes as many added bytes as it says`() {
    let section = FieldSection(addedBytesMax: 10)
    #expect(!add(section, "A", "123456"))
    #expect(add(section, "A", "12345"))
    #expect(section.keep(Array("x".utf8).span) == nil)
  }

  @Test func `lines that were taken out of one section stand in another as they did`() {
    let first = FieldSection(addedBytesMax: 64)
    #expect(add(first, "Via", "1"))
    let mark = first.mark
    #expect(add(first, "Host", "a") && add(first, "X-B", "c d"))
    let lines = first.lines(since: mark)

    let second = FieldSection(addedBytesMax: 64)
    #expect(add(second, "Age", "7"))
    #expect(second.add(lines))
    #expect(second.present.contains(.host) && !second.present.contains(.via))
    var output = Output(capacity: 64)
    #expect(second.appendLines(to: &output, excluding: KnownFieldSet()))
    #expect(output.bytes.text == "Age: 7\r\nHost: a\r\nX-B: c d\r\n")
    #expect(second.value(at: 2).text == "c d")

    let next = first.mark
    #expect(add(first, "X-C", "a\r\nX-D: b"))
    let split = first.lines(since: next)
    #expect(second.add(split))
    #expect(!second.appendLines(to: &output, excluding: KnownFieldSet()))

    let small = FieldSection(addedBytesMax: 8)
    #expect(!small.add(lines))
    #expect(small.entries.isEmpty)
  }

  @Test func `a name is the same field wherever it stands`() {
    for field in KnownField.allCases where field != .other {
      let name = field.name.bytes.text
      for text in [name, name.lowercased(), name.uppercased()] {
        for (before, behind) in [("", ""), ("", ": value of it"), ("0123456789", "X"), ("-", "")] {
          let bytes = Array((before + text + behind).utf8)
          #expect(
            KnownField(in: bytes.span, from: before.utf8.count, count: text.utf8.count) == field)
        }
      }
    }
    for name in ["", "a", "hos", "hostt", "ho\u{0D}t", "\u{08}ost", "v\u{E9}a"] {
      let bytes = Array(name.utf8)
      #expect(KnownField(in: bytes.span, from: 0, count: bytes.count) == .other)
    }
  }

  @Test(arguments: [
    ("A", "b", true), ("A", "", true), ("A", "b\tc \u{80}", true), ("", "b", false),
    ("A:", "b", false),
    ("A b", "c", false), ("A", " b", false), ("A", "b ", false), ("A", "b\t", false),
    ("A", "b\r\nC: d", false), ("A", "b\0", false), ("A\r\n", "b", false),
    (String(repeating: "a", count: 254), "b", true),
    (String(repeating: "a", count: 255), "b", false),
  ])
  func `a block takes lines of good syntax alone`(name: String, value: String, isGood: Bool) {
    var block = FieldBlock()
    #expect(block.add(name: Array(name.utf8).span, value: Array(value.utf8).span) == isGood)
    #expect(block.bytes == (isGood ? Array("\(name): \(value)\r\n".utf8) : []))
  }

  @Test(arguments: Method.allCases.filter { $0 != .other })
  func `a method is found by its name and by nothing else`(_ method: Method) {
    let name = method.name.bytes.text
    #expect(Method(token: Array(name.utf8).span) == method)
    for other in [name.lowercased(), name + "X", String(name.dropLast()), " " + name] {
      #expect(Method(token: Array(other.utf8).span) == .other)
    }
  }
}
