// Requests of the gateway's own: what is read of an answer, and where reading stops.

import Engine
import LoopBench
import Testing
import Transport

@testable import Upstreams

/// An answer as it comes, and what is read of it.
struct FetchVector: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let answer: String
  /// Nil for a fault.
  let body: String?
  let fault: String

  init(_ name: String, _ answer: String, body: String) {
    (testDescription, self.answer, self.body, fault) = (name, answer, body, "")
  }

  init(_ name: String, _ answer: String, fault: String) {
    (testDescription, self.answer, body, self.fault) = (name, answer, nil, fault)
  }

  private static let ok = "HTTP/1.1 200 OK\r\n"

  static let all = [
    FetchVector("a length", ok + "Content-Length: 5\r\n\r\n12345", body: "12345"),
    FetchVector("nothing", ok + "Content-Length: 0\r\n\r\n", body: ""),
    FetchVector(
      "chunks and trailers",
      ok + "Transfer-Encoding: chunked\r\n\r\n2\r\n12\r\n3;x=y\r\n345\r\n0\r\nX-A: b\r\n\r\n",
      body: "12345"),
    FetchVector("until the end", ok + "\r\n12345", body: "12345"),
    FetchVector(
      "behind an interim answer",
      "HTTP/1.1 103 Early\r\nX-A: b\r\n\r\n" + ok + "Content-Length: 1\r\n\r\n1", body: "1"),
    FetchVector("surplus bytes", ok + "Content-Length: 1\r\n\r\n1HTTP/1.1", body: "1"),
    FetchVector("at the bound", ok + "Content-Length: 8\r\n\r\n12345678", body: "12345678"),
    FetchVector(
      "a length over the bound", ok + "Content-Length: 9\r\n\r\n",
      fault: "its answer is too large"),
    FetchVector(
      "chunks over the bound",
      ok + "Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n1\r\n9\r\n0\r\n\r\n",
      fault: "its answer is too large"),
    FetchVector("no end within the bound", ok + "\r\n123456789", fault: "its answer is too large"),
    FetchVector(
      "a length that overflows", ok + "Content-Length: 99999999999999999999\r\n\r\n",
      fault: "its answer is no HTTP"),
    FetchVector("cut short", ok + "Content-Length: 5\r\n\r\n123", fault: "the server closed"),
    FetchVector(
      "cut in a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n123",
      fault: "the server closed"),
    FetchVector("cut in the head", ok + "Content-Le", fault: "the server closed"),
    FetchVector(
      "a chunk's size that is none", ok + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
      fault: "its answer is no HTTP"),
  ]
}

@Suite(.timeLimit(.minutes(5)))
struct FetchTests {
  private static let request = FetchRequest(
    .get, text: Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), body: .upTo(8),
    wantedFields: [Array("x-a".utf8), Array("content-length".utf8)])

  private static func outcome(
    _ stage: Stage, milliseconds: UInt64 = Bench.patience
  ) async -> (text: String, fields: Int) {
    let waiter = Waiter(on: stage.loop)
    defer { waiter.retire() }
    do throws(FetchFault) {
      let answer = try await HTTPFetch(resources: stage.resources, waiter: waiter).answer(
        of: stage.origin.address, context: nil, to: request,
        until: stage.loop.now.advanced(milliseconds: milliseconds))
      return (String(decoding: answer.body, as: UTF8.self), answer.fields.count)
    } catch { return (error.text(within: milliseconds), -1) }
  }

  @Test(arguments: FetchVector.all)
  func `an answer is read whole or not at all`(_ vector: FetchVector) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          _ = try await server.readHead()
          try await server.send(vector.answer)
          server.close()
        }
      }
      let found = await Self.outcome(stage)
      if let body = vector.body {
        #expect(found.text == body)
      } else {
        #expect(found.text.hasPrefix(vector.fault), "\(found.text)")
      }
      #expect(stage.isClean)
    }
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12"])
  func `an answer has a deadline`(begin: String) async throws {
    try await onLoop { bench in
      let stage = try Stage(on: bench)
      var kept: [Peer] = []
      bench.start {
        await report {
          let server = try await stage.origin.accept()
          _ = try await server.readHead()
          if !begin.isEmpty { try await server.send(begin) }
          kept.append(server)
        }
      }
      #expect(await Self.outcome(stage, milliseconds: 50).text == "no answer within 50 ms")
      #expect(stage.isClean && kept.count == 1)
    }
  }
}
