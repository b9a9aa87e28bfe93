// `sluice explain` and what is generated from the same declarations: the reference page and the
// completions that are kept in the repository.

import Foundation
import Testing

struct ExplainTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test func `a route is explained with the place of each value`() throws {
    let folder = try Folder(["routes.conf": Samples.good])
    let output = try Command.run(["explain", "route", "api.list"], in: folder).output
    #expect(output.hasPrefix("route api.list on listener edge"))
    #expect(output.contains("timeout total=12s") && output.contains("routes.conf:11:"))
  }

  @Test func `the pipeline is explained in the order of the chain`() throws {
    let output = try Command.run(["explain", "pipeline"], in: Folder()).output
    let lines = output.split(separator: "\n")
    let order = ["client-ip", "request-id", "timeout", "body", "respond"].map { name in
      lines.firstIndex { $0.hasPrefix("  \(name) ") } ?? -1
    }
    #expect(order == order.sorted() && order.first != -1)
  }

  @Test func `an unknown topic suggests the one that was meant`() throws {
    let ending = try Command.run(["explain", "listner"], in: Folder())
    #expect(
      ending.errors == "sluice: there is no topic 'listner'; did you mean 'listener'?\n")
  }

  @Test func `the reference page is the one that the declarations give`() throws {
    let generated = try Command.run(["explain", "--reference"], in: Folder()).output
    let committed = try String(
      contentsOf: Self.root.appending(path: "docs/configuration.md"), encoding: .utf8)
    #expect(
      generated == committed,
      "Write it again: sluice explain --reference > docs/configuration.md")
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `the completions are those of this command line`(shell: String) throws {
    let generated = try Command.run(["--generate-completion-script", shell], in: Folder()).output
    let path = "packaging/completions/sluice.\(shell)"
    let committed = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    #expect(
      generated == committed,
      "Write it again: sluice --generate-completion-script \(shell) > \(path)")
  }

  @Test func `adapt and schema print JSON`() throws {
    let folder = try Folder(["routes.conf": Samples.good])
    for command in ["adapt", "schema"] {
      let output = try Command.run([command], in: folder).output
      #expect(throws: Never.self) {
        try JSONSerialization.jsonObject(with: Data(output.utf8))
      }
    }
  }
}
