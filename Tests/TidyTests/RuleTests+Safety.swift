// Samples for the rules on unsafe code, imports and what must stay private.
import Testing

extension RuleTests {
  @Test(arguments: [
    Sample("outside its targets", "let a = unsafe b", [1]),
    Sample("in Engine", "Sources/Engine/A.swift", "let a = unsafe b", []),
    Sample("in the tests of Engine", "Tests/EngineTests/A.swift", "let a = unsafe b", []),
    Sample("a longer word", "unsafely()", []),
    Sample("a span that its owner keeps", "unsafe _overrideLifetime(a, borrowing: self)", []),
    Sample("an actor and its loop", "unsafe loop.asUnownedSerialExecutor()", []),
    Sample("in a comment", "// unsafe", []),
  ])
  func `unsafe has its targets`(_ sample: Sample) { sample.check(SafetyRules.memory) }

  @Test(arguments: [
    Sample("bare", "final class A: @unchecked Sendable {}", [1]),
    Sample("after other code", "// a\nlet b = 1;\nclass A: @unchecked Sendable {}", [3]),
    Sample("after a blank line", "// a\n\nclass A: @unchecked Sendable {}", [3]),
    Sample("with a reason above", "// One thread.\nclass A: @unchecked Sendable {}", []),
    Sample("with a reason above its lines", "// Why.\nclass A: B,\n  @unchecked Sendable {}", []),
    Sample("a global", "nonisolated(unsafe) var a = 1", [1]),
    Sample("a global with a reason", "// Written once.\nnonisolated(unsafe) var a = 1", []),
  ])
  func `switched off checks need a reason`(_ sample: Sample) {
    sample.check(SafetyRules.unchecked)
  }

  @Test(arguments: [
    Sample("of the standard library", "let a = Mutex(0)", [1]),
    Sample("in its own file", "Sources/Bytes/Locked.swift", "let a = Mutex(0)", []),
    Sample("a locked value", "let a = Locked(0)", []),
  ])
  func `a lock is one that can be judged`(_ sample: Sample) { sample.check(SafetyRules.locks) }

  @Test(arguments: [
    Sample("downwards", "import Routing\nimport Bytes", []),
    Sample("upwards", "Sources/HTTP1/A.swift", "import Bytes\nimport Gateway", [2]),
    Sample("sideways", "Sources/HTTP1/A.swift", "package import Engine", [1]),
    Sample("of a declaration", "Sources/Bytes/A.swift", "import struct Engine.Loop", []),
    Sample("the system's", "Sources/Bytes/A.swift", "import Glibc", []),
    Sample("in a test", "Tests/BytesTests/A.swift", "import Gateway", []),
    Sample("a target without a row", "Sources/Odd/A.swift", "import Bytes", [1]),
  ])
  func `imports point to lower rows`(_ sample: Sample) { sample.check(ImportRules.direction) }

  @Test(arguments: [
    Sample("a key", "certs/a.txt", "a\n-----BEGIN EC PRIVATE" + " KEY-----\n", [2]),
    Sample("a certificate", "certs/a.txt", "-----BEGIN CERTIFICATE-----\n", []),
  ])
  func `a private key is found`(_ sample: Sample) { sample.check(PrivacyRules.privateKeys) }

  @Test func `a key file is found by its name`() {
    let found = PrivacyRules.keyFiles(["certs/README.md", "certs/edge.key", "a.pem"])
    #expect(found.map(\.path) == ["certs/edge.key", "a.pem"])
  }

  @Test(arguments: [
    Sample("a home", "let a = \"/ho" + "me/jo/b\"", [1]),
    Sample("a work folder", "cd /wo" + "rk/main", [1]),
    Sample("part of a path", "let a = \"/etc/work/x\"", []),
    Sample("part of a URL", "https://example.com/work/x", []),
  ])
  func `a path of one machine is found`(_ sample: Sample) {
    sample.check(PrivacyRules.machinePaths)
  }

  @Test func `a tool is found by the digest of its name`() {
    let file = SourceFile(path: "README.md", text: "one\nmade with Wombat!\nwombats\n")
    let found = PrivacyRules.toolNames(file, words: [PrivacyRules.digest("wombat")])
    #expect(found.map(\.line) == [2])
    #expect(PrivacyRules.digest("") == 0xcbf2_9ce4_8422_2325)
    #expect(PrivacyRules.digest("a") == 0xaf63_dc4c_8601_ec8c)
  }
}
