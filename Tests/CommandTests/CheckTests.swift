// What `sluice check` prints, in each of its formats.

import Foundation
import Testing

struct CheckTests {
  private func check(_ text: String, _ arguments: [String] = []) throws -> Command.Ending {
    try Command.run(["check"] + arguments, in: Folder(["routes.conf": text]))
  }

  @Test func `a good config is summed up in one line`() throws {
    let ending = try check(Samples.good)
    #expect(ending.output == "routes.conf: 2 routes on 1 listener, no problems\n")
    #expect(ending.errors.isEmpty)
    #expect(try check(Samples.good, ["-q"]).output.isEmpty)
  }

  @Test func `a wrong config gets its whole text, without colour in a file`() throws {
    let ending = try check(Samples.wrong)
    #expect(ending == Command.Ending(status: 1, output: Samples.wrongText, errors: ""))
  }

  @Test func `routes that tie are both named with their places`() throws {
    let output = try check(Samples.tied).output
    #expect(output.contains("error[P0101]: routes 'hello' and 'again' both match '/hello'"))
    #expect(output.contains("--> routes.conf:22:7") && output.contains("--> routes.conf:17:7"))
  }

  @Test func `a route that can never match is an error that names the one in front`() throws {
    let text =
      Samples.good.replacing("path=/hello", with: "path=/b/**") + """
        route front {
          match path=[/b /b/ /b/{a}]
          auth none
          respond 200
        }
        route behind {
          match path=/b/{a}/**
          auth none
          respond 200
        }

        """
    let output = try check(text).output
    #expect(output.contains("error[P0102]: route 'hello' can never match"))
    #expect(output.contains("'front'") && output.contains("'behind'"))
  }

  @Test func `json and sarif are JSON, and github has one line for each finding`() throws {
    let json = try check(Samples.wrong, ["--format", "json"]).output
    let list = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
    #expect(list?.count == 1)
    #expect(list?.first?["code"] as? String == "E0107")
    let sarif = try check(Samples.wrong, ["--format", "sarif"]).output
    let log = try JSONSerialization.jsonObject(with: Data(sarif.utf8)) as? [String: Any]
    #expect(log?["version"] as? String == "2.1.0")
    let github = try check(Samples.wrong, ["--format", "github"]).output
    #expect(github.hasPrefix("::error file=routes.conf,line=6,col=3,"))
    #expect(github.split(separator: "\n").count == 1)
    #expect(try check(Samples.good, ["--format", "json"]).output == "[]\n")
  }

  @Test func `check reads no environment, and resolve does`() throws {
    let text =
      Samples.good.replacing("respond 200", with: "respond 200 body=file(\"body.txt\")")
    let folder = try Folder(["routes.conf": text])
    #expect(try Command.run(["check"], in: folder).status == 0)
    let ending = try Command.run(["check", "--resolve"], in: folder)
    #expect(ending.status == 1 && ending.output.contains("error[E0129]"))
    try folder.write("hello", to: "body.txt")
    #expect(try Command.run(["check", "--resolve"], in: folder).status == 0)
  }

  @Test func `resolve proves certificates, their keys and their dates`() throws {
    let text =
      Samples.good + """
        certificate one names=[localhost] cert="certs/edge.pem" key="certs/edge.key"

        """
    let folder = try Folder(["routes.conf": text])
    #expect(try Command.run(["check", "--resolve"], in: folder).output.contains("E0129"))
    #expect(try Command.run(["certs"], in: folder).status == 0)
    #expect(try Command.run(["check", "--resolve"], in: folder).status == 0)
    let late = try Command.run(["check", "--resolve", "--now", "2099-01-01"], in: folder)
    #expect(late.status == 0 && late.output.contains("certificate 'one' has expired"))
    try folder.write(folder.read("certs/edge-rsa.key"), to: "certs/edge.key")
    let other = try Command.run(["check", "--resolve"], in: folder)
    #expect(other.status == 1)
    #expect(other.output.contains("the private key does not belong to the certificate"))
  }

  @Test func `resolve looks up the names of upstreams`() throws {
    let good = Samples.good.replacing("127.0.0.1:9000", with: "localhost:9000")
    #expect(try check(good, ["--resolve"]).status == 0)
    // RFC 6761 section 6.4: no name below 'invalid' exists, whoever is asked.
    let text = good.replacing("localhost", with: "nobody.invalid")
    let ending = try check(text, ["--resolve"])
    #expect(ending.status == 1)
    #expect(ending.output.contains("error[E0129]: 'nobody.invalid' cannot be resolved: "))
  }

  @Test func `a check writes nothing`() throws {
    let folder = try Folder(["routes.conf": Samples.good])
    for _ in 0..<2 { _ = try Command.run(["check", "--resolve"], in: folder) }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(names.filter { !$0.hasPrefix(".") } == ["routes.conf"])
  }
}
