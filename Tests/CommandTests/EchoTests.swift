// `sluice echo` over real sockets. The client is bash: it sends the bytes that it is given.

import Foundation
import Testing

@testable import sluice

@Suite(.timeLimit(.minutes(1)))
struct EchoTests {
  /// A running upstream on a port of its own.
  private final class Upstream {
    let folder: Folder
    let process: Process
    let port: String

    init() throws {
      folder = try Folder()
      process = try Command.child(["echo", "--port", "0"], in: folder)
      let errors = Pipe()
      process.standardError = errors
      try process.run()
      var line = Data()
      while line.last != 10 {
        let more = errors.fileHandleForReading.availableData
        guard !more.isEmpty else { throw Command.Missing() }
        line += more
      }
      let text = String(decoding: line.dropLast(), as: UTF8.self)
      #expect(text.hasPrefix("sluice echo: listening on 127.0.0.1:"))
      port = String(text.split(separator: ":").last ?? "")
    }

    deinit { if process.isRunning { process.terminate() } }

    /// What comes back for these bytes until the upstream closes.
    func send(_ request: String) throws -> String {
      let client = Process()
      let output = Pipe()
      client.executableURL = URL(filePath: "/bin/bash")
      client.arguments = [
        "-c", #"exec 3<>"/dev/tcp/127.0.0.1/$0"; printf %s "$1" >&3; cat <&3"#, port, request,
      ]
      client.standardOutput = output
      try client.run()
      let answer = output.fileHandleForReading.readDataToEndOfFile()
      client.waitUntilExit()
      return String(decoding: answer, as: UTF8.self)
    }

    func end() -> Int32 {
      process.terminate()
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  private static func request(_ line: String, _ rest: String = "\r\n") -> String {
    "\(line) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(rest)"
  }

  @Test func `a request comes back as JSON, and TERM ends the upstream well`() throws {
    let upstream = try Upstream()
    let answer = try upstream.send(
      Self.request("POST /a?b=c", "X-One: 1\r\nx-one: 2\r\nContent-Length: 3\r\n\r\nabc"))
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    let body = try #require(answer.split(separator: "\r\n\r\n").last)
    let json = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
    #expect(json?["method"] as? String == "POST")
    #expect(json?["target"] as? String == "/a?b=c")
    #expect(
      json?["headers"] as? [[String]] == [
        ["Host", "a"], ["Connection", "close"], ["X-One", "1"], ["x-one", "2"],
        ["Content-Length", "3"],
      ])
    let received = json?["body"] as? [String: Any]
    #expect(received?["text"] as? String == "abc")
    // FIPS 180-2, appendix B.1.
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(received?["sha256"] as? String == digest)
    #expect(upstream.end() == 0)
  }

  @Test func `pipelined requests are answered in order, and chunks are put together`() throws {
    let upstream = try Upstream()
    let first = "GET /status/404 HTTP/1.1\r\nHost: a\r\n\r\n"
    let second = Self.request(
      "PUT /?echo=body", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
    let answer = try upstream.send(first + second)
    #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
    #expect(answer.hasSuffix("\r\n\r\nabcde"))
  }

  @Test func `the demo paths answer as they say`() throws {
    let upstream = try Upstream()
    #expect(try upstream.send(Self.request("GET /bytes/3")).hasSuffix("\r\n\r\nabc"))
    #expect(try upstream.send(Self.request("HEAD /bytes/3")).hasSuffix("\r\n\r\n"))
    #expect(
      try upstream.send(Self.request("GET /chunked/2")).hasSuffix(
        "\r\n\r\n8\r\nchunk 1\n\r\n8\r\nchunk 2\n\r\n0\r\n\r\n"))
    let events = try upstream.send(Self.request("GET /sse?count=2&every=1"))
    #expect(events.contains("Content-Type: text/event-stream\r\n"))
    #expect(events.contains("id: 2\ndata: event 2\n\n"))
    #expect(try upstream.send(Self.request("GET /status/204")).hasSuffix("\r\n\r\n"))
    #expect(try upstream.send(Self.request("GET /status/99")).hasPrefix("HTTP/1.1 400 "))
  }

  @Test func `a port in use is refused in one sentence`() throws {
    let upstream = try Upstream()
    let ending = try Command.run(["echo", "--port", upstream.port], in: Folder())
    #expect(ending.status == 71)
    #expect(ending.errors.hasPrefix("sluice: 127.0.0.1:\(upstream.port) cannot be opened: bind:"))
  }

  @Test func `bytes that are no request are refused with the rule they break`() throws {
    let answer = try Upstream().send("GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(answer.hasSuffix("\r\n\r\nspace_before_colon\n"))
  }

  @Test(
    arguments: [
      ("/", "", .report(status: 200)), ("/status/200", "", .report(status: 200)),
      ("/status/600", "", .refused("a status is 200 to 599")),
      ("/status/+20", "", .refused("a status is 200 to 599")),
      ("/status/200/x", "", .report(status: 200)), ("/x", "echo=body", .body),
      ("/x", "echo=no&echo=body", .body), ("/delay/0", "", .delayed(milliseconds: 0)),
      ("/delay/60001", "", .refused("a delay is 0 to 60000 milliseconds")),
      ("/bytes/0", "", .bytes(0)), ("/chunked/7", "", .chunks(7)),
      ("/sse", "", .events(count: 10, every: 250)),
      ("/sse", "count=1&every=0", .events(count: 1, every: 0)), ("*", "", .report(status: 200)),
    ] as [(String, String, EchoAnswer)])
  func `a path asks for its answer`(path: String, query: String, answer: EchoAnswer) {
    #expect(EchoAnswer(path: path, query: query) == answer)
  }

  @Test(
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (1_709_210_096, "Thu, 29 Feb 2024 12:34:56 GMT"),
    ] as [(UInt64, String)])
  func `dates are written as RFC 9110 wants them`(seconds: UInt64, text: String) {
    #expect(HTTPDate.text(seconds) == text)
  }
}
