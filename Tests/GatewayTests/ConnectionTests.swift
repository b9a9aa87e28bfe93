// Client connections from their first byte to their last: keep-alive, pipelines, rest, limits.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Gateway
@testable import Telemetry

@Suite(.timeLimit(.minutes(5)))
struct ConnectionTests {
  @Test func `a connection serves one request after another`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/one")
      let server = try await edge.origin.accept()
      try await server.echo()
      #expect(try await client.readMessage().text == "/one")
      try await client.get("/two")
      try await server.echo()
      #expect(try await client.readMessage().text == "/two")
      #expect(edge.connections.count == 1)
    }
  }

  @Test func `pipelined requests are answered in order, and reach the origin one by one`()
    async throws
  {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      for index in 0..<50 { try await client.get("/\(index)") }
      let server = try await edge.origin.accept()
      for index in 0..<50 {
        let request = try await server.readMessage()
        #expect(request.startLine == "GET /\(index) HTTP/1.1")
        // Nothing is asked before this answer.
        #expect(!server.hasUnread)
        try await server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\(10 + index)")
      }
      for index in 0..<50 {
        #expect(try await client.readMessage().text == "\(10 + index)")
      }
      #expect(edge.upstreams["app"]?.openConnections.load(ordering: .relaxed) == 1)
    }
  }

  @Test func `a request that is cut at every byte is served once it is whole`() async throws {
    try await withEdge { bench, edge in
      let request = Array("GET /cut HTTP/1.1\r\nHost: example.com\r\n\r\n".utf8)
      let client = try await edge.client(on: bench)
      bench.start {
        await report {
          let server = try await edge.origin.accept()
          for _ in 1..<request.count { try await server.echo() }
        }
      }
      for cut in 1..<request.count {
        try await client.send(Array(request.prefix(cut)))
        let turn = bench.loop.turnCount
        try await bench.until("the first part to be read") { bench.loop.turnCount > turn + 2 }
        try await client.send(Array(request.dropFirst(cut)))
        #expect(try await client.readMessage().text == "/cut")
      }
    }
  }

  @Test func `a resting connection owns neither buffer nor task, and wakes up`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      bench.start {
        await report {
          let server = try await edge.origin.accept()
          for _ in 0..<3 { try await server.echo() }
        }
      }
      for path in ["/first", "/second", "/third"] {
        try await client.get(path)
        #expect(try await client.readMessage().text == path)
        try await bench.until("the connection to rest") { edge.connections[0].isResting }
        #expect(edge.context.resources.buffers.lentCount == 0)
      }
    }
  }

  @Test func `a resting connection is closed when its time is up`() async throws {
    try await withEdge(limits: { $0.keepAliveIdle = 50 }) { bench, edge in
      let client = try await edge.client(on: bench)
      #expect(await client.isEnded())
      #expect(edge.context.connectionCount == 0)
    }
  }

  @Test func `a head that takes too long is answered with 408`() async throws {
    try await withEdge(limits: { $0.headTimeout = 50 }) { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.send("GET / HTTP/1.1\r\nHos")
      let answer = try await client.readMessage()
      #expect(answer.status == 408)
      #expect(answer["connection"] == "close")
      #expect(answer.text.contains("head_timeout"))
      client.endSending()
      #expect(await client.isEnded())
    }
  }

  @Test func `a body that does not keep its pace is answered with 408`() async throws {
    try await withEdge(limits: { $0.rateGrace = 50 }) { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nslow")
      let server = try await edge.origin.accept()
      _ = try await server.read(through: "slow")
      let answer = try await client.readMessage()
      #expect(answer.status == 408)
      #expect(answer.text.contains("body_timeout"))
      #expect(await server.isEnded())
      client.endSending()
      #expect(await client.isEnded())
    }
  }

  @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "\0\r\n\r\n"])
  func `a request that breaks a rule is answered and its connection closed`(
    request: String
  ) async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.send(request + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
      let answer = try await client.readMessage()
      #expect(answer.status == 400)
      #expect(answer["connection"] == "close")
      client.endSending()
      #expect(await client.isEnded())
      #expect(edge.upstreams["app"]?.openConnections.load(ordering: .relaxed) == 0)
    }
  }

  @Test func `one client gets no more connections than its limit`() async throws {
    try await withEdge(limits: { $0.perClientMax = 2 }) { bench, edge in
      let first = try await edge.client(on: bench)
      let second = try await edge.client(on: bench)
      try await bench.until("both") { edge.context.connectionCount == 2 }
      let third = try await edge.client(on: bench)
      #expect(await third.isEnded())
      first.close()
      try await bench.until("the place to be free") { edge.context.connectionCount == 1 }
      let fourth = try await edge.client(on: bench)
      try await bench.until("the fourth") { edge.context.connectionCount == 2 }
      second.close()
      fourth.close()
    }
  }

  @Test func `a listener has no more connections than its limit`() async throws {
    try await withEdge(limits: { $0.connectionsMax = 1 }) { bench, edge in
      let first = try await edge.client(on: bench)
      try await bench.until("the first") { edge.context.connectionCount == 1 }
      let second = try await edge.client(on: bench)
      #expect(await second.isEnded())
      first.close()
    }
  }

  @Test func `the last request that a connection may send is told so`() async throws {
    try await withEdge(limits: { $0.requestsMax = 2 }) { bench, edge in
      let client = try await edge.client(on: bench)
      bench.start {
        await report {
          let server = try await edge.origin.accept()
          for _ in 0..<2 { try await server.echo() }
        }
      }
      try await client.get("/one")
      #expect(try await client.readMessage()["connection"] == nil)
      try await client.get("/two")
      #expect(try await client.readMessage()["connection"] == "close")
      client.endSending()
      #expect(await client.isEnded())
    }
  }

  @Test func `every request is counted, whatever its end`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/counted")
      let server = try await edge.origin.accept()
      try await server.echo()
      _ = try await client.readMessage()
      try await client.send("BAD\r\n\r\n")
      _ = try await client.readMessage()
      client.close()
      let gone = try await edge.client(on: bench)
      try await gone.get("/gone")
      _ = try await server.readHead()
      gone.reset()
      #expect(await server.isEnded())
      try await bench.until("the ends") { edge.context.connectionCount == 0 }
      let rows = edge.context.recorder.metrics.snapshot().rows
      #expect(rows.reduce(0) { $0 + $1.count } == 3)
    }
  }
}
