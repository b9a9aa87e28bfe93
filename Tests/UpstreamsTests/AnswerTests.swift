// What servers may say, and what happens when they say it badly, too early, or not to the end.

import Engine
import LoopBench
import PolicyChain
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(5)))
struct AnswerTests {
  private static let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

  /// What one answer, after which the server closes, makes of an exchange.
  private static func outcome(
    of answer: String, peer: Bool = false
  ) async throws -> (fetched: Fetched?, reason: Reason?, interims: [UInt16]) {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          try await server.serve(answer)
          server.close()
        }
      }
      let client = ScriptedClient()
      let exchange = try stage.exchange(request, peer: client)
      var fetched: Fetched?
      var reason: Reason?
      do throws(Failure) {
        fetched = try await stage.run(exchange)
      } catch { reason = error.reason }
      #expect(stage.isClean)
      stage.pool.retire()
      #expect(stage.openCount == 0)
      return (fetched, reason, client.interims)
    }
  }

  @Test func `chunks are joined and trailers are kept`() async throws {
    let outcome = try await Self.outcome(
      of: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
        + "Checksum: 12\r\n\r\n")
    #expect(outcome.fetched?.body == "abcde")
    #expect(outcome.fetched?.trailers == ["Checksum: 12"])
  }

  @Test func `a body without a length lasts until the server closes`() async throws {
    let outcome = try await Self.outcome(of: "HTTP/1.1 200 OK\r\n\r\nto the end")
    #expect(outcome.fetched?.body == "to the end")
  }

  @Test(arguments: [
    "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
  ])
  func `an answer that is cut short is never taken for a whole one`(answer: String) async throws {
    #expect(try await Self.outcome(of: answer).reason == .connectionTerminated)
  }

  @Test(arguments: [
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "ICY 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 9) + .ok("late"),
  ])
  func `an answer that breaks a rule is refused`(answer: String) async throws {
    #expect(try await Self.outcome(of: answer).reason == .upstreamProtocol)
  }

  @Test func `interim answers go to the client, in order`() async throws {
    let outcome = try await Self.outcome(
      of: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + .ok("end"))
    #expect(outcome.interims == [100, 103])
    #expect(outcome.fetched?.body == "end")
  }

  @Test func `eight long interim answers leave room for the final one`() async throws {
    let hint = "HTTP/1.1 103 Early Hints\r\nLink: \(String(repeating: "l", count: 8_150))\r\n\r\n"
    let outcome = try await Self.outcome(
      of: String(repeating: hint, count: 8) + "HTTP/1.1 200 OK\r\nFill: "
        + String(repeating: "f", count: 30_000) + "\r\nContent-Length: 3\r\n\r\nend")
    #expect(outcome.interims.count == 8)
    #expect(outcome.fetched?.body == "end")
  }

  @Test(arguments: [true, false])
  func `an early answer counts while the body is still being sent`(
    isClosing: Bool
  ) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      let block = [UInt8](repeating: 1, count: 60_000)
      let body = ScriptedBody(Array(repeating: block, count: 400))
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          let answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge"
          try await server.serve(answer)
          if isClosing { server.close() } else { #expect(await server.isEndedAfterAll()) }
        }
      }
      let exchange = try stage.exchange(
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 24000000\r\n\r\n", body: body)
      let fetched = try await stage.run(exchange)
      #expect(fetched.status == 413)
      #expect(fetched.body == "large")
      #expect(body.unconsumed == 0)
      try await bench.until("the connection to end") { stage.openCount == 0 }
      #expect(stage.isClean)
    }
  }

  @Test func `a body is sent as it comes, with the framing that it came with`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      let body = ScriptedBody([Array("first ".utf8)], isEnded: false)
      let exchange = try stage.exchange(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", body: body)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          var message = try await server.readHead()
          #expect(message["transfer-encoding"] == "chunked")
          _ = try await server.read(through: "first \r\n")
          body.pieces.append(Array("second".utf8))
          body.isEnded = true
          exchange.waiter.signal()
          try await server.readChunks(into: &message)
          #expect(message.text == "second")
          try await server.send(.ok("thanks"))
        }
      }
      let fetched = try await stage.run(exchange)
      #expect(fetched.body == "thanks")
      #expect(stage.pool.servers[0].idleCount == 1)
      stage.pool.retire()
    }
  }

  @Test func `a body that does not keep its pace fails by its own reason`() async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      let body = ScriptedBody([Array("slow".utf8)], isEnded: false)
      body.deadline = bench.loop.now.advanced(milliseconds: 30)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          _ = try await server.read(through: "slow")
          body.failure = .refused(.bodyTimeout)
          #expect(await server.isEnded())
        }
      }
      let exchange = try stage.exchange(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", body: body)
      #expect(await stage.reason(exchange) == .bodyTimeout)
      #expect(stage.isClean)
    }
  }
}

extension Peer {
  /// Whether the peer ends the connection, whatever it sends before.
  func isEndedAfterAll() async -> Bool {
    do {
      _ = try await readToEnd()
      return true
    } catch {
      if case .broken = error { return true }
      return false
    }
  }
}
