// What the gateway asks for by itself: whole answers, bounded, within a deadline.

import Engine
import LoopBench
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(2)))
struct OwnClientTests {
  private static func ask(
    _ stage: Stage, bodyMax: Int? = 100, within milliseconds: UInt64 = 20_000
  ) async throws(OwnRequestError) -> OwnAnswer {
    let waiter = Waiter(on: stage.loop)
    defer { waiter.retire() }
    return try await OwnClient(resources: stage.resources, waiter: waiter).ask(
      OwnRequest(
        target: "/keys?v=1", host: "id.example.com", agent: "sluice", accepts: "application/json",
        bodyMax: bodyMax),
      at: stage.origin.address, context: nil,
      until: stage.loop.now.advanced(milliseconds: milliseconds))
  }

  /// Bodies of "hello" in every framing.
  @Test(arguments: [
    "Content-Length: 5\r\n\r\nhello",
    "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n",
    "Connection: close\r\n\r\nhello",
  ])
  func `a body comes whole in any framing, however it is cut`(answer: String) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          let head = try await server.readHead()
          #expect(head.startLine == "GET /keys?v=1 HTTP/1.1")
          #expect(head["host"] == "id.example.com" && head["accept"] == "application/json")
          for byte in ("HTTP/1.1 200 OK\r\nETag: \"7\"\r\n" + answer).utf8 {
            try await server.send([byte])
          }
          server.close()
        }
      }
      let found = try await Self.ask(stage)
      #expect(found.status == 200 && found["etag"] == "\"7\"")
      #expect(found.body == Array("hello".utf8))
      #expect(stage.isClean)
    }
  }

  @Test(
    arguments: [
      ("Content-Length: 101\r\n\r\n" + String(repeating: "x", count: 101), .bodyTooLarge),
      (
        "Transfer-Encoding: chunked\r\n\r\n65\r\n" + String(repeating: "x", count: 101),
        .bodyTooLarge
      ),
      ("Connection: close\r\n\r\n" + String(repeating: "x", count: 101), .bodyTooLarge),
      ("Content-Length: 5\r\n\r\nhell", .closed),
      ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .closed),
    ] as [(String, OwnRequestError)])
  func `what is too long or cut short is no answer`(
    answer: String, error: OwnRequestError
  ) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          _ = try await server.readHead()
          try await server.send("HTTP/1.1 200 OK\r\n" + answer)
          server.close()
        }
      }
      await #expect(throws: error) { try await Self.ask(stage) }
      #expect(stage.isClean)
    }
  }

  @Test func `a body that nobody wants is not read`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          try await server.serve("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9\r\n\r\n")
        }
      }
      let found = try await Self.ask(stage, bodyMax: nil)
      #expect(found.status == 302 && found.body.isEmpty && found["location"] == "/x")
    }
  }

  @Test func `the deadline holds for the body too`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          _ = try await server.readHead()
          try await server.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
          #expect(await server.isEnded())
        }
      }
      await #expect(throws: OwnRequestError.timedOut) {
        try await Self.ask(stage, within: 50)
      }
      #expect(stage.isClean)
    }
  }
}
