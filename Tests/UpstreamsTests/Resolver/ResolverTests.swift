// The resolver against a server on a loopback port.

import Testing
import Upstreams

struct ResolverTests {
  private static let loopback6 = [UInt8](repeating: 0, count: 15) + [1]

  @Test func `a name has the addresses of both families`() async throws {
    let left = try await withResolver { question in
      [question.answer(a: [192, 0, 2, 1], aaaa: Self.loopback6)]
    } _: { stage, server in
      #expect(await stage.resolve("a.example.") == "192.0.2.1 ::1")
      #expect(await stage.resolve("A.Example.") == "192.0.2.1 ::1")
      #expect(server.asked == ["a.example/1": 1, "a.example/28": 1], "it is asked for once")
    }
    #expect(left == 0)
  }

  @Test func `those who want the same name share its lookup`() async throws {
    _ = try await withResolver {
      [$0.answer(a: [192, 0, 2, 1])]
    } _: { stage, server in
      #expect(await stage.resolveTwice("a.example.") == ["192.0.2.1", "192.0.2.1"])
      #expect(server.asked == ["a.example/1": 1, "a.example/28": 1])
    }
  }

  @Test func `addresses, the hosts file and localhost need no server`() async throws {
    var settings = Resolver.Settings()
    settings.hostsPath = "/nonexistent/hosts"
    _ = try await withResolver(settings) { _ in
      []
    } _: { stage, server in
      #expect(await stage.resolve("192.0.2.7") == "192.0.2.7")
      #expect(await stage.resolve("2001:DB8::1") == "2001:db8::1")
      #expect(await stage.resolve("localhost") == "127.0.0.1 ::1")
      #expect(await stage.resolve("api.LOCALHOST") == "127.0.0.1 ::1")
      #expect(server.asked.isEmpty)
    }
  }

  @Test(arguments: ["", ".", ".a", "a b", "a/b", "bücher", String(repeating: "a", count: 254)])
  func `what is no name is not asked for`(name: String) async throws {
    _ = try await withResolver { _ in
      []
    } _: { stage, server in
      #expect(await stage.resolve(name) == "badName")
      #expect(await stage.keep([name]) == [name])
      #expect(server.asked.isEmpty)
    }
  }

  @Test func `an answer with another id is not believed`() async throws {
    _ = try await withResolver { question in
      var forged = question.answer(a: [203, 0, 113, 66], aaaa: Self.loopback6)
      forged[0] ^= 0xFF
      return [forged, question.answer(a: [192, 0, 2, 1])]
    } _: { stage, _ in
      #expect(await stage.resolve("a.example.") == "192.0.2.1")
    }
  }

  @Test func `an answer to another question is not believed`() async throws {
    _ = try await withResolver { question in
      var forged = DNSMessage(
        id: question.id, answers: 1, name: "b.example", type: question.type == 1 ? .a : .aaaa)
      forged.append(pointer: 12)
      forged.append(type: 1, ttl: 60, value: [203, 0, 113, 66])
      return [forged.bytes, question.answer(a: [192, 0, 2, 1])]
    } _: { stage, _ in
      #expect(await stage.resolve("a.example.") == "192.0.2.1")
    }
  }

  @Test(arguments: HostileAnswer.allCases)
  func `a hostile answer is a failure and nothing else`(hostile: HostileAnswer) async throws {
    let left = try await withResolver {
      hostile.datagrams(for: $0)
    } _: { stage, _ in
      #expect(await stage.resolve("a.example.") == hostile.words)
    }
    #expect(left == 0)
  }

  @Test func `an answer that does not fit a datagram is fetched over TCP`() async throws {
    let addresses = (0..<100).map { [10, 0, 0, UInt8($0)] }
    let server = try DNSTestServer(
      overTCP: { question in
        guard question.type == 1 else { return [question.answer()] }
        var message = question.reply(answers: UInt16(addresses.count))
        for address in addresses {
          message.append(pointer: 12)
          message.append(type: 1, ttl: 60, value: address)
        }
        return [message.bytes]
      }, { [$0.reply(flags: 0x8380, answers: 0).bytes] })
    let left = try await withResolver(Resolver.Settings(), asking: server) { stage, server in
      #expect(await stage.resolve("a.example.").split(separator: " ").count == 100)
      #expect(server.asked["a.example/1/tcp"] == 1)
    }
    #expect(left == 0)
  }

  @Test func `a server that is silent ends in the caller's deadline`() async throws {
    let left = try await withResolver { _ in
      []
    } _: { stage, _ in
      #expect(await stage.resolve("a.example.", within: 30) == "timedOut")
    }
    #expect(left == 0)
  }

  @Test func `what expired is used when no newer answer comes in time`() async throws {
    var settings = Resolver.Settings()
    settings.limits.lifetimeMin = 1
    settings.limits.lifetimeMax = 1
    let isFirst = Once()
    _ = try await withResolver(settings) { question in
      isFirst.take("\(question.type)") ? [question.answer(a: [192, 0, 2, 1])] : []
    } _: { stage, server in
      #expect(await stage.resolve("a.example.") == "192.0.2.1")
      while server.asked["a.example/1"] == 1 {
        #expect(await stage.resolve("a.example.", within: 30) == "192.0.2.1")
      }
    }
  }

  @Test func `a kept name is asked for again by its life, and a change is reported`() async throws {
    var settings = Resolver.Settings()
    settings.limits.lifetimeMin = 10
    settings.limits.retryMin = 10
    let turn = Once()
    _ = try await withResolver(settings) { question in
      if question.type == 28 { return [question.answer()] }
      if turn.take("1") { return [question.answer(a: [192, 0, 2, 1], ttl: 0)] }
      if turn.take("2") { return [question.reply(flags: 0x8183, answers: 0).bytes] }
      return [question.answer(a: [192, 0, 2, 2], ttl: 60)]
    } _: { stage, _ in
      #expect(await stage.keep(["a.example."]) == [])
      #expect(
        await stage.reports(3) == [
          "a.example. 192.0.2.1", "a.example. 192.0.2.2", "a.example. noAddress 1",
        ])
    }
  }

  @Test func `whoever waits when the resolver ends is told so`() async throws {
    _ = try await withResolver { _ in
      []
    } _: { stage, server in
      async let waiting = stage.resolve("a.example.")
      while server.asked.isEmpty { await Task.yield() }
      #expect(await stage.end() == 0)
      #expect(await waiting == "cancelled")
      try await stage.begin(Resolver.Settings())
    }
  }
}

/// Answers that a server should not give.
enum HostileAnswer: CaseIterable {
  case circle, forwardPointer, giantCount, shortRecord, aliasCircle, empty, cut, refused,
    unspecified

  /// What a caller hears.
  var words: String {
    switch self {
    case .circle, .forwardPointer: "failed(\(name).answer(\(error).badName))"
    case .giantCount, .cut: "failed(\(name).answer(\(error).cutShort))"
    case .shortRecord: "failed(\(name).answer(\(error).badRecord))"
    case .aliasCircle: "failed(\(name).answer(\(error).tooManyAliases))"
    case .empty, .unspecified: "noAddress"
    case .refused: "failed(\(name).noServer)"
    }
  }

  private var name: String { "Upstreams.DNSLookupError" }
  private var error: String { "Upstreams.DNSAnswerError" }

  func datagrams(for question: DNSQuestion) -> [[UInt8]] {
    var message = question.reply(answers: 1)
    let start = UInt16(message.bytes.count)
    switch self {
    case .circle:
      message.append(pointer: start)
      message.append(type: question.type, ttl: 1, value: [1, 2, 3, 4])
    case .forwardPointer:
      message.append(pointer: start + 4)
      message.append(type: question.type, ttl: 1, value: [1, 2, 3, 4])
    case .giantCount:
      message = question.reply(answers: 0xFFFF)
      message.append(pointer: 12)
      message.append(type: 16, ttl: 1, value: [1, 0])
    case .shortRecord:
      message.append(pointer: 12)
      message.append(type: question.type, ttl: 1, value: [1, 2, 3])
    case .aliasCircle:
      message.append(pointer: 12)
      message.append(type: 5, ttl: 1, value: [0xC0, 12])
    case .empty:
      message = question.reply(answers: 0)
    case .cut:
      message.append(pointer: 12)
      message.append(type: question.type, ttl: 1, value: [1, 2], count: 4)
    case .refused:
      message = question.reply(flags: 0x8185, answers: 0)
    case .unspecified:
      message.append(pointer: 12)
      message.append(
        type: question.type, ttl: 1,
        value: [UInt8](repeating: 0, count: question.type == 1 ? 4 : 16))
    }
    return [message.bytes]
  }
}
