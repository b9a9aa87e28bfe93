// `sluice fmt`: in place, from standard input, and as a check.

import Foundation
import Testing

struct FormatTests {
  private static let crooked = Samples.good.replacing("  bind", with: "      bind")

  @Test func `standard input is formatted to standard output`() throws {
    let ending = try Command.run(["fmt", "-"], in: Folder(), input: Self.crooked)
    #expect(ending == Command.Ending(status: 0, output: Samples.good, errors: ""))
  }

  @Test func `a file is formatted in place, keeps its mode, and a link stays a link`() throws {
    let folder = try Folder(["real.conf": Self.crooked])
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o640], ofItemAtPath: folder.url("real.conf").path)
    try FileManager.default.createSymbolicLink(
      at: folder.url("routes.conf"), withDestinationURL: folder.url("real.conf"))
    #expect(try Command.run(["fmt"], in: folder).status == 0)
    #expect(try folder.read("real.conf") == Samples.good)
    #expect(try folder.mode("real.conf") == 0o640)
    let link = try FileManager.default.destinationOfSymbolicLink(
      atPath: folder.url("routes.conf").path)
    #expect(link.hasSuffix("real.conf"))
  }

  @Test func `a check prints the difference and changes nothing`() throws {
    let folder = try Folder(["routes.conf": Self.crooked])
    let ending = try Command.run(["fmt", "--check"], in: folder)
    #expect(ending.status == 1)
    #expect(ending.output.contains("-      bind 127.0.0.1:8443\n+  bind 127.0.0.1:8443\n"))
    #expect(try folder.read("routes.conf") == Self.crooked)
    #expect(try Command.run(["fmt", "--check", "-"], in: folder, input: Samples.good).status == 0)
  }

  @Test func `one file of several that cannot be formatted does not stop the others`() throws {
    let broken = "sluice 1\nlistener a {\n"
    let folder = try Folder(["a.conf": broken, "b.conf": Self.crooked])
    let ending = try Command.run(["fmt", "a.conf", "b.conf"], in: folder)
    #expect(ending.status == 1 && ending.errors.contains("error[E0105]"))
    #expect(try folder.read("a.conf") == broken)
    #expect(try folder.read("b.conf") == Samples.good)
  }
}
