// The file of `servers file(...)`: what it holds, and that every slip in it is an error.

import Testing

@testable import Configuration

@Suite struct ServersFileTests {
  private static func read(_ text: String) -> ServersFile {
    ServersFile(Array(text.utf8), path: "orders.servers")
  }

  @Test func `its lines are those of an upstream`() throws {
    let file = Self.read(
      """
      # written by the deployment
      server 10.0.0.1:8080 weight=2
      server orders-2.internal:8080 priority=1
      server "[::1]:8080"

      """)
    #expect(!file.hasErrors, "\(file.problemText)")
    #expect(
      file.servers.map(\.endpoint.description) == [
        "10.0.0.1:8080", "orders-2.internal:8080", "[::1]:8080",
      ])
    #expect(file.servers.map(\.weight) == [2, 1, 1])
    #expect(file.servers.map(\.priority) == [0, 1, 0])
  }

  @Test func `an empty file has no servers and no errors`() {
    #expect(Self.read("").servers.isEmpty)
    #expect(!Self.read("# none today\n").hasErrors)
  }

  @Test(arguments: [
    ("server 10.0.0.1", "a port is missing"),
    ("server 10.0.0.1:80 wait=1", "has no property 'wait'"),
    ("server 10.0.0.1:80 weight=0", "must be from 1 to 256"),
    ("servers 10.0.0.1:80", "did you mean 'server'?"),
    ("server 10.0.0.1:80\nserver 10.0.0.1:80 weight=2", "stands twice"),
    ("route x", "unknown directive"),
    ("server 10.0.0.1:80 {\n}", "block"),
  ])
  func `a slip is told`(text: String, words: String) {
    let file = Self.read(text + "\n")
    #expect(file.hasErrors)
    #expect(file.problemText.contains(words), "\(file.problemText)")
  }

  @Test func `bytes that are no text are refused`() {
    #expect(ServersFile([0xFF, 0xFE, 0x0A], path: "x").hasErrors)
  }

  @Test func `there is a bound to its servers`() {
    let lines = (0...ServersFile.serversMax).map { "server 10.0.\($0 / 256).\($0 % 256):80\n" }
    #expect(Self.read(lines.joined()).problemText.contains("at most 1000"))
    #expect(!Self.read(lines.dropLast().joined()).hasErrors)
  }
}
