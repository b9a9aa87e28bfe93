// keys.conf: what it holds, and that every slip in it is an error with a place.

import Testing

@testable import Configuration

@Suite struct KeyFileTests {
  static let hash =
    "sha256:" + String(repeating: "0a", count: 16) + ":" + String(repeating: "f1", count: 32)
  static let id = "abcdefgh01234567"

  static func read(_ text: String) -> KeyFile { KeyFile(Array(text.utf8), path: "keys.conf") }

  @Test func `a line is read as it was written`() throws {
    var entry = KeyEntry()
    entry.id = Self.id
    entry.hash = try KeyHash(parsing: Self.hash)
    entry.subject = "Acme Ltd."
    entry.scopes = ["orders:read", "a/b"]
    entry.roles = ["editor"]
    entry.tier = "pro"
    entry.expires = try CalendarDate(parsing: "2027-12-31")
    let file = Self.read("# partners\n" + KeyFile.line(entry))
    #expect(!file.hasErrors, "\(file.problemText)")
    #expect(file.entries == [entry] && file.lines == [2])
  }

  @Test(arguments: [
    ("key \(id) subject=a", "'key' lacks 'hash='"),
    ("key \(id) hash=\"\(hash)\"", "'key' lacks 'subject='"),
    ("key short hash=\"\(hash)\" subject=a", "the id of a key"),
    ("key \(id) hash=\"sha256:00:00\" subject=a", "sha256:SALT:HASH"),
    ("key \(id) hash=\"md5:\(hash.dropFirst(7))\" subject=a", "sha256:SALT:HASH"),
    ("key \(id) hash=\"\(hash.uppercased())\" subject=a", "sha256:SALT:HASH"),
    ("key \(id) hash=\"\(hash)\" subject=\"\"", "printable ASCII"),
    ("key \(id) hash=\"\(hash)\" subject=a scope=[x]", "did you mean 'scopes'?"),
    ("key \(id) hash=\"\(hash)\" subject=a expires=2027-02-29", "a date"),
    ("key \(id) hash=\"\(hash)\" subject=a\nkey \(id) hash=\"\(hash)\" subject=b", "stands twice"),
    ("route r", "unknown directive 'route'"),
    ("key \(id) hash=\"\(hash)\" subject=env(\"A\")", "environment"),
  ])
  func `a slip is an error with its line`(text: String, words: String) {
    let file = Self.read(text + "\n")
    #expect(file.hasErrors)
    #expect(file.problemText.contains(words), "\(file.problemText)")
    #expect(file.problemText.contains("keys.conf:"))
  }

  @Test(
    arguments: [
      ("1970-01-01", 86_400_000), ("1969-12-31", 0), ("2000-02-29", 951_868_800_000),
      ("2026-11-22", 1_795_392_000_000), ("2100-03-01", 4_107_628_800_000),
    ] as [(String, UInt64)])
  func `a day ends at its midnight`(date: String, milliseconds: UInt64) throws {
    #expect(try CalendarDate(parsing: date).endMilliseconds == milliseconds)
  }
}
