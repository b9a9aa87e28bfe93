// What changes under running requests: a new config, and the end.

import Engine
import LoopBench
import PolicyChain
import Testing
import Upstreams

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct ChangeTests {
  @Test func `a request in flight ends by the config that it began with`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/old")
      let old = try await edge.origin.accept()
      let request = try await old.readMessage()
      let other = try Listening(on: bench.loop)
      try edge.reload(Edge.forwardAll, to: other)
      #expect(request.startLine == "GET /old HTTP/1.1")
      try await old.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
      #expect(try await client.readMessage().text == "old")
      // Its connection belongs to a pool that has ended.
      #expect(await old.isEnded())
      try await client.get("/new")
      #expect(try await other.accept().echo().startLine == "GET /new HTTP/1.1")
      #expect(try await client.readMessage().text == "/new")
    }
  }

  @Test func `upstream connections outlive a reload that does not change their upstream`()
    async throws
  {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/one")
      let server = try await edge.origin.accept()
      try await server.echo()
      _ = try await client.readMessage()
      try edge.reload(
        "route some {\n  match path=/some/**\n  auth none\n  to app\n}\n")
      try await client.get("/none")
      #expect(try await client.readMessage().status == 404)
      try await client.get("/some/path")
      try await server.echo()
      #expect(try await client.readMessage().text == "/some/path")
    }
  }

  @Test func `a hundred reloads under requests lose none`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      bench.start {
        await report {
          let server = try await edge.origin.accept()
          for _ in 0..<100 { try await server.echo() }
        }
      }
      for index in 0..<100 {
        try await client.get("/\(index)")
        try edge.reload(Edge.forwardAll)
        #expect(try await client.readMessage().text == "/\(index)")
      }
    }
  }

  @Test func `draining ends idle connections at once and busy ones after their answer`()
    async throws
  {
    try await withEdge { bench, edge in
      let idle = try await edge.client(on: bench)
      let busy = try await edge.client(on: bench)
      try await busy.get("/busy")
      let server = try await edge.origin.accept()
      _ = try await server.readHead()
      try await bench.until("both") { edge.context.connectionCount == 2 }
      edge.context.drain()
      #expect(await idle.isEnded())
      #expect(edge.context.connectionCount == 1)
      try await server.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast")
      let answer = try await busy.readMessage()
      #expect(answer.text == "last")
      #expect(answer["connection"] == "close")
      busy.endSending()
      #expect(await busy.isEnded())
      try await bench.until("the end") { edge.context.connectionCount == 0 }
    }
  }

  @Test func `cutting everything answers what has no answer yet`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/cut")
      let server = try await edge.origin.accept()
      _ = try await server.readHead()
      edge.context.cancelAll()
      #expect(try await client.readMessage().status == 503)
      #expect(await server.isEnded())
      #expect(await client.isEnded())
    }
  }
}
