// Files: paths, globs, and the real disk.

import Testing

@testable import Configuration

@Suite struct FileTests {
  @Test(arguments: [
    ("", "a.conf", "a.conf"), ("conf.d", "a.conf", "conf.d/a.conf"),
    ("conf.d", "../a.conf", "a.conf"), ("conf.d", "/etc/a.conf", "/etc/a.conf"),
    ("", "./x/../a.conf", "a.conf"), ("", "../a.conf", "../a.conf"),
    ("/etc/sluice", "b/./a.conf", "/etc/sluice/b/a.conf"), ("..", "../a", "../../a"),
  ])
  func `a path is seen from the including file`(folder: String, path: String, joined: String) {
    #expect(FilePath.join(folder, path) == joined)
  }

  @Test(arguments: [
    ("d/*.conf", ["d/B.conf", "d/a.conf", "d/b.conf"]),
    ("d/?.conf", ["d/B.conf", "d/a.conf", "d/b.conf"]),
    ("d/a*", ["d/a.conf", "d/a.txt"]), ("*/b.conf", ["d/b.conf", "e/b.conf"]), ("x/*", []),
    ("d/.*", ["d/.hidden.conf"]), ("d/*a*o*f", ["d/a.conf"]),
  ])
  func `a glob finds names in byte order`(pattern: String, found: [String]) {
    let files = MemoryFiles([
      "d/a.conf": "", "d/b.conf": "", "d/B.conf": "", "d/.hidden.conf": "", "d/a.txt": "",
      "e/b.conf": "",
    ])
    #expect(FilePath.expand(pattern, in: files) == found)
  }

  @Test func `a file that is not there is missing, and a folder is no file`() {
    #expect(throws: FileProblem.missing) { try DiskFiles().read(Corpus.folder + "/nothing.conf") }
    #expect(throws: FileProblem.self) { try DiskFiles().read(Corpus.folder) }
    #expect(DiskFiles().names(inFolder: Corpus.folder + "/nothing") == nil)
  }

  @Test func `a root that cannot be read is one error`() {
    let loader = ConfigurationLoader(files: MemoryFiles([:]), schema: TestPolicies.schema)
    #expect(loader.load("routes.conf").diagnostics.map(\.code) == [.unreadableFile])
  }

  @Test func `the process resolves files beside the root`() {
    let resolution = ProcessResolution(root: Corpus.folder + "/ok-smallest.conf")
    let bytes = resolution.contents(ofFile: "ok-smallest.conf")
    #expect(bytes.map { String(decoding: $0, as: UTF8.self) } == Corpus.text("ok-smallest.conf"))
    #expect(resolution.contents(ofFile: "nothing") == nil)
    #expect(resolution.variable("PATH") != nil)
  }
}
