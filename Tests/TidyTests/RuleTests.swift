// Shows for each tidy rule a sample that breaks it and one that keeps it.
import Testing

/// A text that breaks or keeps a rule, and the lines that the rule must name.
struct Sample: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let path: String
  let text: String
  let lines: [Int]

  init(_ name: String, _ path: String, _ text: String, _ lines: [Int]) {
    (testDescription, self.path, self.text, self.lines) = (name, path, text, lines)
  }

  /// A sample in a target that has no rights of its own.
  init(_ name: String, _ text: String, _ lines: [Int]) {
    self.init(name, "Sources/Gateway/Edge.swift", text, lines)
  }

  func check(_ rule: (SourceFile) -> [Violation], at location: SourceLocation = #_sourceLocation) {
    let found = rule(SourceFile(path: path, text: text)).map(\.line)
    #expect(found == lines, sourceLocation: location)
  }
}

@Suite("Tidy rules")
struct RuleTests {
  @Test(arguments: [
    Sample("400 lines are kept", repeated("// a", 400), []),
    Sample("401 lines are too many", repeated("// a", 401), [401]),
  ])
  func `a file has a limit`(_ sample: Sample) { sample.check(SizeRules.fileLength) }

  @Test(arguments: [
    Sample("100 columns are kept", String(repeating: "x", count: 100), []),
    Sample("101 columns are too many", String(repeating: "é", count: 101), [1]),
  ])
  func `a line has a limit`(_ sample: Sample) { sample.check(SizeRules.lineWidth) }

  @Test(arguments: [
    Sample("60 lines are kept", "func a() {\n" + repeated("  b()", 58) + "}\n", []),
    Sample("61 lines are too many", "\nfunc a() {\n" + repeated("  b()", 59) + "}\n", [2]),
    Sample("an initializer counts", "init(\n  a: Int\n) {\n" + repeated("b()", 60) + "}", [1]),
    Sample(
      "a nested function counts", "func a() { func b() {\n" + repeated("c()", 60) + "} }", [1, 1]),
    Sample(
      "a requirement has no body",
      "protocol P {\n  func a()\n  func b() -> Int\n}\n"
        + repeated("let c = 1", 70), []),
    Sample("a call of init is none", "let a = .init(b)\n" + repeated("c()", 70) + "{}", []),
    Sample("braces in strings do not count", "func a() { b(\"{{{\") }\n" + repeated("c()", 70), []),
    Sample("braces in comments do not count", "func a() { /* { */ }\n" + repeated("c()", 70), []),
    Sample(
      "a where clause may break",
      "func a<T>() -> T\nwhere T: P,\n  T: Q {\n" + repeated("b()", 60)
        + "}", [1]),
  ])
  func `a function has a limit`(_ sample: Sample) { sample.check(SizeRules.functionLength) }

  @Test(arguments: [
    Sample("a comment opens the file", "// What this is.\nimport A\n", []),
    Sample("no comment", "import A\n", [1]),
    Sample("an empty file", "", [1]),
    Sample("nine lines are too many", repeated("// a", 9), [1]),
    Sample("a manifest", "Package.swift", "// swift-tools-version: 6.2\n// What.\n", []),
    Sample("a script", "Tools/run", "#!/bin/bash\n# What this does.\n", []),
    Sample("a script without a word", "Tools/run", "#!/bin/bash\nset -e\n", [2]),
    Sample("Python", "Tools/a.py", "\"\"\"What this does.\"\"\"\n", []),
  ])
  func `a file says what it is`(_ sample: Sample) { sample.check(SizeRules.header) }

  @Test(arguments: [
    Sample("try with a bang", "let a = try! b()", [1]),
    Sample("as with a bang", "\nlet a = b as! C", [2]),
    Sample("fatal error", "fatalError(\"a\")", [1]),
    Sample("sleep", "Thread.sleep(forTimeInterval: 1)", [1]),
    Sample("an empty catch", "do { try a() } catch {\n}", [1]),
    Sample("an empty catch of one kind", "do { try a() } catch is B { }", [1]),
    Sample("a catch that handles", "do { try a() } catch { report(error) }", []),
    Sample("inside a string", "let a = \"try! as! fatalError\"", []),
    Sample("inside an interpolation", "let a = \"\\(try! b())\"", [1]),
    Sample("inside a raw string", "let a = #\"\"try! \\(b)\"#", []),
    Sample("inside a comment", "// try! b()\n/* as! /* C */ as! */", []),
    Sample("inside a name", "func `try! it`() {}", []),
    Sample("a longer word", "let entry = try a()", []),
  ])
  func `a forbidden word is found in code only`(_ sample: Sample) {
    sample.check(WordRules.forbiddenWords)
  }

  @Test(arguments: [
    Sample("without a number", "// TO" + "DO: more", [1]),
    Sample("with an issue", "// TO" + "DO(#12): more", []),
    Sample("with a decision", "// TO" + "DO: see docs/decisions/0003-a.md", []),
    Sample("broken", "a() // FIX" + "ME #12", [1]),
    Sample("in a string", "let a = \"TO" + "DO\"", []),
    Sample("in a script", "Tools/run", "# TO" + "DO", [1]),
  ])
  func `a note for later needs a number`(_ sample: Sample) { sample.check(WordRules.notes) }

  @Test(arguments: [
    Sample("a type", "final class PoolManager {}", [1]),
    Sample("a plural", "enum Helpers {}", [1]),
    Sample("a file", "Sources/Bytes/ByteUtils.swift", "struct Byte {}", [1]),
    Sample("a part of a word", "struct Information {}\nstruct Commonality {}", []),
  ])
  func `a name must say something`(_ sample: Sample) { sample.check(WordRules.names) }

  private static func repeated(_ line: String, _ count: Int) -> String {
    String(repeating: line + "\n", count: count)
  }
}
