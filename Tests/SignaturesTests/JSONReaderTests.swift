// The strict reader of JSON: what it takes, and what it refuses that others let pass.

import Foundation
import Testing

@testable import Signatures

struct JSONVector: Sendable, CustomTestStringConvertible {
  let text: String
  let value: JSONValue?
  let error: JSONError?
  var testDescription: String { text }

  init(_ text: String, _ value: JSONValue) { (self.text, self.value, error) = (text, value, nil) }
  init(_ text: String, _ error: JSONError) { (self.text, value, self.error) = (text, nil, error) }

  static let all: [JSONVector] = [
    JSONVector("null", .null), JSONVector(" true ", .bool(true)), JSONVector("0", .number("0")),
    JSONVector("-1.5e+3", .number("-1.5e+3")), JSONVector(#""a\u00e9\n""#, .text("aé\n")),
    JSONVector(#""\ud83d\ude00""#, .text("😀")), JSONVector("[]", .list([])),
    JSONVector("{}", .object([:])),
    JSONVector(
      #"{"a":[1,{"b":null}]}"#, .object(["a": .list([.number("1"), .object(["b": .null])])])),
    JSONVector(#"{"a":1,"a":2}"#, .duplicateMember),
    JSONVector(#"{"a":1,"\u0061":2}"#, .duplicateMember),
    JSONVector("[1,]", .syntax), JSONVector("[1 2]", .syntax), JSONVector("01", .syntax),
    JSONVector("1.", .syntax), JSONVector(".5", .syntax), JSONVector("+1", .syntax),
    JSONVector("1e", .syntax), JSONVector("NaN", .syntax), JSONVector("nul", .syntax),
    JSONVector("", .syntax), JSONVector("1 1", .syntax), JSONVector("{a:1}", .syntax),
    JSONVector(#"{"a" 1}"#, .syntax), JSONVector(#"{"a":1,}"#, .syntax),
    JSONVector(#"{"a":1"#, .syntax), JSONVector(#""abc"#, .syntax), JSONVector(#""\x""#, .syntax),
    JSONVector(#""\ud800""#, .syntax), JSONVector(#""\ud800\u0041""#, .syntax),
    JSONVector(#""\udc00""#, .syntax), JSONVector("\"a\nb\"", .syntax),
    JSONVector("'a'", .syntax), JSONVector("// x\n1", .syntax),
    JSONVector("\u{FEFF}1", .syntax),
  ]
}

@Suite struct JSONReaderTests {
  private func read(_ bytes: [UInt8]) -> Result<JSONValue, JSONError> {
    do throws(JSONError) { return .success(try JSONReader.read(bytes.span)) } catch {
      return .failure(error)
    }
  }

  @Test(arguments: JSONVector.all)
  func `a text is read strictly or not at all`(_ vector: JSONVector) {
    let found = read(Array(vector.text.utf8))
    switch found {
    case .success(let value): #expect(value == vector.value)
    case .failure(let error): #expect(error == vector.error)
    }
  }

  @Test func `depth and numbers have a bound`() {
    let nested = { (depth: Int) in
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    #expect(throws: Never.self) { try JSONReader.read(nested(16).span) }
    #expect(throws: JSONError.tooDeep) { try JSONReader.read(nested(17).span) }
    #expect(throws: JSONError.tooDeep) { try JSONReader.read(nested(100_000).span) }
    let number = { (count: Int) in Array(String(repeating: "1", count: count).utf8) }
    #expect(throws: Never.self) { try JSONReader.read(number(32).span) }
    #expect(throws: JSONError.numberTooLong) { try JSONReader.read(number(33).span) }
  }

  @Test func `bytes that are no UTF-8 are no text`() {
    for bytes: [UInt8] in [
      [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80],
    ] {
      #expect(throws: JSONError.notUTF8) { try JSONReader.read(([34] + bytes + [34]).span) }
    }
  }

  @Test func `every text that is cut short is refused`() {
    let text = Array(#"{"a":[1,-2.5e3,"xé",true,false,null,{}]}"#.utf8)
    for end in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONReader.read(Array(text[..<end]).span) }
    }
  }

  @Test(.enabled(if: Vectors.folder != nil, "no vectors: set SLUICE_VECTORS"))
  func `the JSON test suite gets its verdicts`() throws {
    let folder = try #require(Vectors.folder) + "/json/test_parsing"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(names.count > 300)
    for name in names where name.hasSuffix(".json") {
      let bytes = Array(try #require(FileManager.default.contents(atPath: folder + "/" + name)))
      let isRead = if case .success = read(bytes) { true } else { false }
      // Stricter than the grammar on purpose: members that stand twice, long numbers.
      let isExcluded = [
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
        // A number of 80 characters.
        "y_number_double_close_to_zero.json",
      ].contains(name)
      if name.hasPrefix("y_") { #expect(isRead != isExcluded, "\(name)") }
      if name.hasPrefix("n_") { #expect(!isRead, "\(name)") }
    }
  }
}

/// Public test vectors, which are no part of the repository.
enum Vectors {
  /// `$SLUICE_VECTORS`, or `../shared/vectors` beside the project; nil when neither is there.
  static let folder: String? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let candidates: [String?] = [
      ProcessInfo.processInfo.environment["SLUICE_VECTORS"],
      root.deletingLastPathComponent().appending(path: "shared/vectors").path,
    ]
    return candidates.compactMap { $0 }.first {
      FileManager.default.fileExists(atPath: $0 + "/wycheproof")
    }
  }()
}
