// SRV records: how they are read, and that a service's places are kept fresh.

import Bytes
import Engine
import LoopBench
import Testing

@testable import Upstreams

@Suite(.timeLimit(.minutes(2)))
struct ServiceWatchTests {
  private static let two = [
    ServicePlace(priority: 1, weight: 60, port: 8080, target: "a.example"),
    ServicePlace(priority: 2, weight: 0, port: 8081, target: "b-2.example"),
  ]

  private static func read(_ message: DNSMessage) throws(DNSAnswerError) -> DNSAnswer {
    try DNSAnswer(message.bytes.span, to: .srv)
  }

  private static func message(_ places: [ServicePlace], ttl: UInt32 = 30) -> DNSMessage {
    var message = DNSMessage(
      answers: UInt16(places.count), name: "_orders._tcp.example", type: .srv)
    for place in places { message.append(owner: "_Orders._TCP.example", place: place, ttl: ttl) }
    return message
  }

  @Test func `records are read as they were written`() throws {
    let answer = try Self.read(Self.message(Self.two))
    #expect(answer.places == Self.two)
    #expect(answer.ttl == 30)
    #expect(answer.addresses.isEmpty)
  }

  @Test func `a root as the target says that there is no such service`() {
    let place = ServicePlace(priority: 0, weight: 0, port: 1, target: "")
    #expect(throws: DNSAnswerError.noAddress) { try Self.read(Self.message([place])) }
  }

  @Test(arguments: [
    (ServicePlace(priority: 0, weight: 0, port: 0, target: "a"), DNSAnswerError.badRecord),
    (ServicePlace(priority: 0, weight: 0, port: 1, target: "a b"), .badName),
    (ServicePlace(priority: 0, weight: 0, port: 1, target: "a/b"), .badName),
  ])
  func `what no server can be reached by is refused`(
    place: ServicePlace, error: DNSAnswerError
  ) {
    #expect(throws: error) { try Self.read(Self.message([place])) }
  }

  @Test func `a message that is cut anywhere does not trap`() {
    let bytes = Self.message(Self.two).bytes
    for count in bytes.indices {
      #expect(throws: DNSAnswerError.self) {
        try DNSAnswer(Array(bytes[..<count]).span, to: .srv)
      }
    }
  }

  @Test func `no mutation makes the reader trap`() {
    var random = SeededRandom(seed: 3)
    let whole = Self.message(Self.two).bytes
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<3 {
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      do throws(DNSAnswerError) {
        for place in try DNSAnswer(bytes.span, to: .srv).places {
          #expect(place.port > 0 && !place.target.isEmpty)
        }
      } catch { continue }
    }
  }

  @Test func `places are asked for again before their time is up, and only changes are told`()
    async throws
  {
    let step = Locked(0)
    let server = try DNSTestServer { question in
      // The third answer is another one, the second a failure.
      let count = step.withLock {
        $0 += 1; return $0
      }
      return switch count {
      case 1: [question.answer(places: Self.two, ttl: 1)]
      case 2: [question.reply(flags: 0x8183, answers: 0).bytes]
      case 3: [question.answer(places: Self.two.reversed(), ttl: 1)]
      default: [question.answer(places: [Self.two[0]], ttl: 60)]
      }
    }
    defer { server.stop() }
    try await onLoop { bench in
      var settings = ServiceWatch.Settings()
      settings.servers = "127.0.0.1:\(server.port)"
      settings.limits.lifetimeMin = 10
      settings.limits.retryMin = 10
      let watch = try ServiceWatch("_orders._tcp.example.", on: bench.loop, settings: settings)
      let waiter = Waiter(on: bench.loop)
      let told = Told()
      watch.onChange = {
        told.places.append($0)
        waiter.signal()
      }
      watch.onFailure = { _ in told.failures += 1 }
      bench.start { await watch.run() }
      let deadline = bench.loop.now.advanced(milliseconds: 30_000)
      while told.places.count < 2, bench.loop.now < deadline {
        _ = await waiter.wait(until: deadline)
      }
      waiter.retire()
      watch.stop()
      #expect(told.places == [Self.two, [Self.two[0]]])
      #expect(told.failures >= 1)
    }
  }
}

/// What a watch has told.
private final class Told {
  var places: [[ServicePlace]] = []
  var failures = 0
}
