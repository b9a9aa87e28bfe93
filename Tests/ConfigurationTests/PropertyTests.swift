// Properties over many generated inputs: typos, shuffles, truncations and random bytes. Every
// failure names the seed that repeats it.

import Testing

@testable import Configuration

/// A generator that a seed repeats (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}

private func load(_ text: String) -> LoadResult {
  ConfigurationLoader(files: MemoryFiles(["c.conf": text]), schema: TestPolicies.schema)
    .load("c.conf")
}

@Suite struct PropertyTests {
  private static let sample = Corpus.text("ok-everything.conf")

  /// Words whose change is a mistake: names of directives and properties, and words of a type.
  private static let typos: [(line: Int, text: String)] = {
    var found: [(Int, String)] = []
    let lines = sample.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let code = line.split(separator: "#").first ?? ""
      for word in words(of: String(code)) {
        var changed = lines.map(String.init)
        changed[index] = replaced(String(line), word)
        found.append((index + 1, changed.joined(separator: "\n")))
      }
    }
    return found
  }()

  /// The first word of a statement, and the name of each property.
  private static func words(of line: String) -> [String] {
    let parts = line.split(separator: " ").map(String.init)
    guard let first = parts.first, first.allSatisfy({ $0.isLetter || $0 == "-" }) else {
      return []
    }
    let properties = parts.dropFirst().compactMap { part -> String? in
      guard let equals = part.firstIndex(of: "="), part.first?.isLetter == true,
        !part[..<equals].contains(".")
      else { return nil }
      return String(part[...equals])
    }
    return [first] + properties
  }

  /// The word with two letters swapped, or one doubled where they are the same.
  private static func replaced(_ line: String, _ word: String) -> String {
    guard let range = line.range(of: word) else { return line }
    var letters = Array(word)
    if letters.count > 2, letters[0] != letters[1] {
      letters.swapAt(0, 1)
    } else {
      letters.insert(letters[0], at: 0)
    }
    return line.replacingCharacters(in: range, with: String(letters))
  }

  @Test func `the sample has many places for a typo`() { #expect(Self.typos.count > 60) }

  @Test(arguments: typos.indices)
  func `a typo in one token is reported at its line`(index: Int) throws {
    let (line, text) = Self.typos[index]
    let result = load(text)
    #expect(result.configuration == nil)
    #expect(result.diagnostics.contains { $0.severity == .error && $0.location.line == line })
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
  func `the canonical form does not depend on the order of statements`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let source = SourceText(path: "c.conf", bytes: Array(Self.sample.utf8))
    let schema = TestPolicies.schema
    let statements = Parser.parse(source) { schema.isContainer($0) }.statements
    let shuffled = statements.prefix(1) + statements.dropFirst().shuffled(using: &random)
    let text = shuffled.map { Printer.text($0, depth: 0, using: &random) }.joined()
    let canonical = load(text).configuration?.canonical.pretty
    #expect(canonical != nil, "seed \(seed)")
    #expect(canonical == load(Self.sample).configuration?.canonical.pretty, "seed \(seed)")
  }

  @Test func `a config cut at any byte is read without a trap`() {
    let bytes = Array(Self.sample.utf8)
    for end in stride(from: 0, to: bytes.count, by: 3) {
      let files = MemoryFiles(bytes: ["c.conf": Array(bytes[..<end])])
      let result = ConfigurationLoader(files: files, schema: TestPolicies.schema).load("c.conf")
      let rendering = HumanRendering(sources: result.sources, hasColor: false)
      #expect(!rendering.text(of: result.diagnostics).isEmpty || result.configuration != nil)
    }
  }

  @Test(arguments: [UInt64(11), 12, 13, 14])
  func `random bytes and random changes are read without a trap`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let alphabet = Array("{}[]()\"\\=+-<>#,; \n\t\r\u{0}aé/*.:%0".utf8) + [0xff, 0xc3, 0xe2]
    for round in 0..<150 {
      var bytes = round % 2 == 0 ? Array(Self.sample.utf8) : []
      for _ in 0..<Int.random(in: 1...60, using: &random) {
        let byte = alphabet.randomElement(using: &random) ?? 0
        bytes.insert(byte, at: Int.random(in: 0...bytes.count, using: &random))
      }
      let files = MemoryFiles(bytes: ["c.conf": bytes])
      let result = ConfigurationLoader(files: files, schema: TestPolicies.schema).load("c.conf")
      let rendering = HumanRendering(sources: result.sources, hasColor: true)
      let isAnswered =
        result.configuration != nil || !rendering.text(of: result.diagnostics).isEmpty
      #expect(isAnswered, "seed \(seed), round \(round)")
    }
  }
}

/// Prints statements again, those of each block in a random order.
private enum Printer {
  static func text(_ statement: Statement, depth: Int, using random: inout SeededRandom) -> String {
    let indent = String(repeating: "  ", count: depth)
    let values =
      statement.arguments.map(text)
      + statement.properties.map { property in
        property.name + property.operation.rawValue + text(property.value)
      }
    let head = ([indent + statement.name] + values).joined(separator: " ")
    guard let block = statement.block else { return head + "\n" }
    let inner = block.shuffled(using: &random).map { text($0, depth: depth + 1, using: &random) }
    return head + " {\n" + inner.joined() + indent + "}\n"
  }

  private static func text(_ value: ValueSyntax) -> String {
    switch value.form {
    case .word(let text): text
    case .string(let text): "\"" + escaped(text) + "\""
    case .list(let items): "[" + items.map(text).joined(separator: " ") + "]"
    case .call(let call):
      "\(call.function.rawValue)(\(call.arguments.map { "\"\($0)\"" }.joined(separator: ", ")))"
    }
  }

  private static func escaped(_ text: String) -> String {
    text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
