// Which connection a request goes out on: kept ones, dead ones, new ones, and one more try.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(5)))
struct ReuseTests {
  @Test func `a connection is used again after a whole answer`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          try await server.serve(.ok("one"))
          try await server.serve(.ok("two"))
        }
      }
      #expect(try await stage.get().isReused == false)
      #expect(
        try await stage.get()
          == Fetched(status: 200, body: "two", attempts: 1, isReused: true))
      #expect(stage.openCount == 1)
      #expect(stage.isClean)
      stage.pool.retire()
    }
  }

  @Test func `the connection that was given back last is lent first`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      var bodies: [String] = []
      for path in ["/a", "/b"] {
        bench.start { await report { bodies.append(try await stage.get(path).body) } }
      }
      let first = try await stage.origin.accept()
      let second = try await stage.origin.accept()
      try await second.serve(.ok("second"))
      try await bench.until("the second answer") { bodies.count == 1 }
      try await first.serve(.ok("first"))
      try await bench.until("the first answer") { bodies.count == 2 }
      bench.start { await report { bodies.append(try await stage.get("/c").body) } }
      try await first.serve(.ok("again"))
      try await bench.until("the third answer") { bodies.count == 3 }
      #expect(bodies.last == "again")
      stage.pool.retire()
      #expect(stage.openCount == 0)
    }
  }

  @Test(arguments: ["", "late bytes", "reset"])
  func `an idle connection that changed is not lent`(change: String) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start { await report { _ = try await stage.get() } }
      let server = try await stage.origin.accept()
      try await server.serve(.ok("one"))
      try await bench.until("the connection to rest") { stage.pool.servers[0].idleCount == 1 }
      if change == "reset" {
        server.reset()
      } else if change.isEmpty {
        server.close()
      } else {
        try await server.send(change)
      }
      try await bench.until("the news") { !(stage.pool.servers[0].isFit) }
      bench.start {
        await report { try await stage.origin.accept().serve(.ok("two")) }
      }
      #expect(
        try await stage.get()
          == Fetched(status: 200, body: "two", attempts: 1, isReused: false))
      stage.pool.retire()
      #expect(stage.openCount == 0)
    }
  }

  @Test func `bytes behind an answer end its connection`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          try await stage.origin.accept().serve(.ok("one") + "HTTP/1.1 200 OK\r\n\r\n")
        }
      }
      #expect(try await stage.get().body == "one")
      #expect(stage.openCount == 0)
      #expect(stage.isClean)
    }
  }

  /// Serves one request, and closes when the next one is there.
  private static func closeOnSecond(_ stage: Stage, _ extra: String = "") async throws {
    let server = try await stage.origin.accept()
    try await server.serve(.ok("one"))
    _ = try await server.readHead()
    if !extra.isEmpty { try await server.send(extra) }
    server.close()
  }

  @Test(arguments: ["GET", "HEAD", "DELETE", "OPTIONS"])
  func `an idempotent request on a stale connection is tried once more`(
    method: String
  ) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          try await Self.closeOnSecond(stage)
          let server = try await stage.origin.accept()
          let head = try await server.readHead()
          #expect(head.startLine == "\(method) /x HTTP/1.1")
          try await server.send("HTTP/1.1 204 No Content\r\n\r\n")
        }
      }
      _ = try await stage.get()
      let fetched = try await stage.run(
        try stage.exchange("\(method) /x HTTP/1.1\r\nHost: h\r\n\r\n"))
      #expect(fetched == Fetched(status: 204, body: "", attempts: 2, isReused: false))
      stage.pool.retire()
      #expect(stage.isClean)
    }
  }

  @Test func `the second try is the last`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          try await Self.closeOnSecond(stage)
          let server = try await stage.origin.accept()
          _ = try await server.readHead()
          server.close()
        }
      }
      _ = try await stage.get()
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .connectionTerminated)
      #expect(exchange.upstream.attempts == 2)
      #expect(stage.openCount == 0)
    }
  }

  @Test(arguments: [
    "POST / HTTP/1.1\r\nHost: h\r\n\r\n",
    "PATCH / HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n",
  ])
  func `what may have been done, or has a body, is not tried again`(request: String) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start { await report { try await Self.closeOnSecond(stage) } }
      _ = try await stage.get()
      let body = request.contains("Length") ? ScriptedBody([Array("body".utf8)]) : nil
      let exchange = try stage.exchange(request, body: body)
      #expect(await stage.reason(exchange) == .connectionTerminated)
      #expect(exchange.upstream.attempts == 1)
      #expect(stage.isClean)
    }
  }

  @Test func `a body that its server left is not sent again without its bytes`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start { await report { try await Self.closeOnSecond(stage) } }
      _ = try await stage.get()
      let block = [UInt8](repeating: 1, count: 60_000)
      let body = ScriptedBody(Array(repeating: block, count: 400))
      let exchange = try stage.exchange(
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 24000000\r\n\r\n", body: body)
      #expect(await stage.reason(exchange) == .connectionTerminated)
      #expect(exchange.upstream.attempts == 1)
      #expect(body.unconsumed == 0)
      #expect(stage.openCount == 0)
      #expect(stage.isClean)
    }
  }

  @Test func `an answer that was begun is not asked for again`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start { await report { try await Self.closeOnSecond(stage, "HTTP/1.1 2") } }
      _ = try await stage.get()
      let exchange = try stage.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await stage.reason(exchange) == .connectionTerminated)
      #expect(exchange.upstream.attempts == 1)
    }
  }
}

extension UpstreamServer {
  /// Whether its last idle connection could be lent.
  var isFit: Bool { newestIdle?.isReusable ?? false }
}

/// Runs a server's or client's part, and reports when it cannot be played.
func report(_ part: () async throws -> Void) async {
  do { try await part() } catch { Issue.record(error) }
}
