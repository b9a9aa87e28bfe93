// The table of past failures against the tests that there are.

import Testing

@Suite struct HardeningTests {
  @Test func `every record of the table has tests that are there`() throws {
    let table = try #require(SourceTree.read("docs/hardening.md"))
    let tests = SourceTree.written.filter { $0.path.hasPrefix("Tests/") }
    let missing = HardeningRules.missingTests(of: table, among: tests)
    #expect(missing.isEmpty, "\(missing.map(\.description).joined(separator: "\n"))")
    // 59 and 61 wait for what they are about, and the page says so.
    let expected = (1...86).filter { ![59, 61].contains($0) } + [90, 91]
    #expect(HardeningRules.records(of: table) == expected)
  }

  @Test func `a test that is not there is found missing`() {
    let test = SourceFile(path: "Tests/A/ATests.swift", text: "func `it holds`() {}")
    let table = SourceFile(
      path: "docs/hardening.md",
      text: """
        | 1 | one | `ATests.swift: it holds` |
        | 2 | two | `ATests.swift: it breaks`<br>`BTests.swift: it holds` |
        | 3 | `three` | |
        """)
    #expect(HardeningRules.missingTests(of: table, among: [test]).map(\.line) == [2, 2])
    #expect(HardeningRules.records(of: table) == [1, 2])
  }
}
