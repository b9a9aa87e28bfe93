// The tidy rules, run over every file of the project. RuleTests.swift shows that each rule can
// fail.
import Testing

@Suite("The source tree")
struct TreeTests {
  @Test func `git lists the files of the project`() {
    #expect(SourceTree.paths.contains("Package.swift"))
    #expect(SourceTree.swift.count > 20)
  }

  @Test func `files functions and lines stay within their limits`() {
    expectNone(SourceTree.written.flatMap(SizeRules.fileLength))
    expectNone(SourceTree.written.flatMap(SizeRules.lineWidth))
    expectNone(SourceTree.swift.flatMap(SizeRules.functionLength))
  }

  @Test func `every file opens with what it is`() {
    expectNone(SourceTree.written.flatMap(SizeRules.header))
  }

  @Test func `no forbidden word and no empty name stands in the code`() {
    expectNone(SourceTree.swift.flatMap(WordRules.forbiddenWords))
    expectNone(SourceTree.written.flatMap(WordRules.notes))
    expectNone(SourceTree.swift.flatMap(WordRules.names))
  }

  @Test func `unsafe code stays in its targets and unchecked code gives its reason`() {
    expectNone(SourceTree.swift.flatMap(SafetyRules.memory))
    expectNone(SourceTree.swift.flatMap(SafetyRules.unchecked))
    expectNone(SourceTree.swift.flatMap(SafetyRules.locks))
  }

  @Test func `imports point downwards`() {
    expectNone(SourceTree.swift.flatMap(ImportRules.direction))
  }

  @Test func `nothing private is committed`() {
    expectNone(PrivacyRules.keyFiles(SourceTree.paths))
    let texts = SourceTree.paths.compactMap(SourceTree.read)
    expectNone(texts.flatMap(PrivacyRules.privateKeys))
    expectNone(texts.flatMap(PrivacyRules.machinePaths))
    expectNone(texts.flatMap { PrivacyRules.toolNames($0) })
  }

  private func expectNone(
    _ violations: [Violation], at location: SourceLocation = #_sourceLocation
  ) {
    guard !violations.isEmpty else { return }
    let listed = violations.map(\.description).joined(separator: "\n")
    Issue.record("\(listed)", sourceLocation: location)
  }
}
