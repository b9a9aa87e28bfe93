// Requests on their way through a worker, at the moments that go wrong: slow clients, hasty
// origins, broken uploads, ends in the middle.

import Engine
import LoopBench
import PolicyChain
import Testing
import Transport

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct ForwardingTests {
  @Test func `100 Continue passes from end to end`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.send(
        "PUT /up HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
      let server = try await edge.origin.accept()
      #expect(try await server.readHead()["expect"] == "100-continue")
      try await server.send("HTTP/1.1 100 Continue\r\n\r\n")
      #expect(try await client.readMessage().status == 100)
      try await client.send("body")
      #expect(try await server.read(count: 4) == Array("body".utf8))
      try await server.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
      #expect(try await client.readMessage().status == 201)
    }
  }

  @Test func `a body whose server is gone is never read as a request`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      let hidden = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"
      try await client.send(
        "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: \(hidden.utf8.count + 1)\r\n\r\nx")
      let server = try await edge.origin.accept()
      _ = try await server.read(through: "\r\n\r\nx")
      // Both are there when the worker looks next: it finds the bytes first, and then no server.
      server.reset()
      try await client.send(hidden)
      #expect(try await client.readMessage().status == 502)
      try await client.get("/next")
      let next = try await edge.origin.accept()
      #expect(try await next.echo().startLine == "GET /next HTTP/1.1")
      #expect(try await client.readMessage().text == "/next")
    }
  }

  @Test func `a long head before a full block of body is sent in parts`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/large")
      let server = try await edge.origin.accept()
      _ = try await server.readHead()
      let fill = String(repeating: "f", count: 60_000)
      try await server.send("HTTP/1.1 200 OK\r\nFill: \(fill)\r\nContent-Length: 500000\r\n\r\n")
      try await server.send([UInt8](repeating: 65, count: 500_000))
      let message = try await client.readMessage()
      #expect(message["fill"]?.utf8.count == 60_000)
      #expect(message.body.count == 500_000)
    }
  }

  @Test func `a long answer of our own arrives whole`() async throws {
    let text = String(repeating: "t", count: 300_000)
    let routes = "route main {\n  match path=/**\n  auth none\n  respond 200 body=\"\(text)\"\n}\n"
    try await withEdge(routes: routes) { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/")
      #expect(try await client.readMessage().body.count == 300_000)
    }
  }

  @Test func `what an origin sends while its client does not read is not forgotten`() async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/slow")
      let server = try await edge.origin.accept()
      _ = try await server.readHead()
      try await server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      let connection = edge.connections[0]
      let piece = "2000\r\n" + String(repeating: "p", count: 0x2000) + "\r\n"
      var sent = 0
      while !connection.transport.hasUnsent {
        try await server.send(piece)
        sent += 0x2000
        // Each piece is taken alone, as the pieces of a slow origin are.
        let turn = bench.loop.turnCount
        try await bench.until("the piece to be taken") { bench.loop.turnCount > turn + 1 }
      }
      try await server.send("3\r\nend\r\n0\r\n\r\n")
      let turn = bench.loop.turnCount
      try await bench.until("the end to arrive") { bench.loop.turnCount > turn + 2 }
      let message = try await client.readMessage()
      #expect(message.body.count == sent + 3)
    }
  }

  @Test func `interim answers that a client does not read do not hurt the final one`()
    async throws
  {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      let hint = "HTTP/1.1 103 Early Hints\r\nLink: \(String(repeating: "l", count: 8_000))\r\n\r\n"
      let connection = { edge.connections[0] }
      try await client.get("/0")
      let server = try await edge.origin.accept()
      var count = 0
      while true {
        _ = try await server.readHead()
        for _ in 0..<8 { try await server.send(hint) }
        let turn = bench.loop.turnCount
        try await bench.until("the hints to pass") { bench.loop.turnCount > turn + 2 }
        let isFull = connection().transport.hasUnsent
        try await server.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend")
        count += 1
        if isFull { break }
        try await client.get("/\(count)")
      }
      var finals = 0
      while finals < count {
        let message = try await client.readMessage()
        if message.status == 200 { finals += 1 }
      }
      #expect(finals == count)
    }
  }

  @Test func `a client that stops reading is cut off, and its origin too`() async throws {
    try await withEdge(limits: { $0.writeStall = 50 }) { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/stall")
      let server = try await edge.origin.accept()
      _ = try await server.readHead()
      try await server.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
      bench.start {
        // The connection breaks under the origin: that is what is tested.
        while true {
          do { try await server.send([UInt8](repeating: 1, count: 60_000)) } catch { return }
        }
      }
      try await bench.until("the cut") { edge.context.connectionCount == 0 }
      #expect(edge.upstreams["app"]?.openConnections.load(ordering: .relaxed) == 0)
      var isCut = false
      do { _ = try await client.readMessage() } catch { isCut = true }
      #expect(isCut)
    }
  }

  @Test(arguments: ["Content-Length: 9", "Transfer-Encoding: chunked"])
  func `an answer that is cut short breaks the client's connection`(framing: String) async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/cut")
      let server = try await edge.origin.accept()
      _ = try await server.readHead()
      try await server.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n5\r\nsome")
      _ = try await client.readHead()
      server.close()
      var isCut = false
      do { _ = try await client.readToEnd() } catch { isCut = true }
      #expect(isCut)
      try await bench.until("the end") { edge.context.connectionCount == 0 }
    }
  }

  @Test func `a body that the origin does not want is read past, and the connection goes on`()
    async throws
  {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.send("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n")
      let server = try await edge.origin.accept()
      _ = try await server.readHead()
      try await server.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
      #expect(try await client.readMessage().status == 403)
      try await client.send([UInt8](repeating: 65, count: 20_000))
      try await client.get("/next")
      let next = try await edge.origin.accept()
      #expect(try await next.echo().startLine == "GET /next HTTP/1.1")
      #expect(try await client.readMessage().text == "/next")
    }
  }

  @Test(arguments: ["reset", "end"])
  func `a client that leaves takes its exchange with it`(way: String) async throws {
    try await withEdge { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/gone")
      let server = try await edge.origin.accept()
      _ = try await server.readHead()
      if way == "reset" { client.reset() } else { client.endSending() }
      #expect(await server.isEnded())
      try await bench.until("the end") { edge.context.connectionCount == 0 }
    }
  }

  @Test func `a client that has only finished sending is answered where the listener allows it`()
    async throws
  {
    try await withEdge(limits: { $0.allowsHalfClose = true }) { bench, edge in
      let client = try await edge.client(on: bench)
      try await client.get("/half")
      client.endSending()
      try await edge.origin.accept().echo()
      #expect(try await client.readMessage().text == "/half")
      #expect(await client.isEnded())
    }
  }
}
