// Sessions over memory: what one side says the other one gets, within its windows.

import Bytes
import HTTP2
import Testing

struct SessionTests {
  private static let get: [(StaticString, StaticString)] = [
    (":method", "GET"), (":scheme", "https"), (":authority", "a.test"), (":path", "/x"),
  ]

  @Test func `a request and its answer cross with body and trailers`() throws {
    let pair = try Pair()
    let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: true))
    try pair.talk()
    let served = try #require(pair.server.takeOpened())
    let head = try #require(served.takeHead())
    #expect(head.pairs == [":method: GET", ":scheme: https", ":authority: a.test", ":path: /x"])
    #expect(served.isInboundComplete)
    pair.server.recycle(head)
    pair.server.respond(served, Pair.fields([(":status", "200"), ("Server", "x")]), isLast: false)
    let body = Pair.buffer(Array("hello".utf8))
    pair.server.send(served, body, count: 5, isLast: false)
    try pair.talk()
    #expect(served.unsentBytes == 0 && body.isEmpty)
    pair.server.end(served, trailers: Pair.fields([("grpc-status", "0")]))
    try pair.talk()
    #expect(asked.takeHead()?.pairs == [":status: 200", "server: x"])
    #expect(asked.inboundText == "hello")
    #expect(asked.trailers?.pairs == ["grpc-status: 0"])
    #expect(asked.isInboundComplete && asked.closeCode == .noError)
    #expect(served.closeCode == .noError)
  }

  @Test func `interim heads stand before the final one`() throws {
    let pair = try Pair()
    let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: true))
    try pair.talk()
    let served = try #require(pair.server.takeOpened())
    pair.server.sendInterim(served, Pair.fields([(":status", "103"), ("link", "</a>")]))
    pair.server.respond(served, Pair.fields([(":status", "204")]), isLast: true)
    try pair.talk()
    #expect(asked.takeHead()?.pairs == [":status: 103", "link: </a>"])
    #expect(asked.takeHead()?.pairs == [":status: 204"])
    #expect(asked.takeHead() == nil)
  }

  @Test func `a body stops at the window and goes on when it is pulled`() throws {
    let pair = try Pair()
    let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: false))
    let body = Pair.buffer([UInt8](repeating: 7, count: 150_000))
    pair.client.send(asked, body, count: 150_000, isLast: true)
    try pair.talk()
    let served = try #require(pair.server.takeOpened())
    let inbound = try #require(served.inbound)
    #expect(inbound.count == 64 * 1024)
    #expect(asked.unsentBytes == 150_000 - 64 * 1024)
    var pulled = 0
    while !served.isInboundComplete || !inbound.isEmpty {
      try #require(!inbound.isEmpty)
      pulled += inbound.count
      inbound.consume(inbound.count)
      pair.server.credit(served)
      try pair.talk()
    }
    #expect(pulled == 150_000 && asked.isOutboundComplete)
    pair.server.release(served)
    #expect(pair.bodies.lentCount == 0)
  }

  @Test func `nothing is framed that the output has no room for`() throws {
    let pair = try Pair()
    let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: false))
    pair.client.send(
      asked, Pair.buffer([UInt8](repeating: 1, count: 60_000)), count: 60_000, isLast: true)
    let output = Buffer(capacity: 40 * 1024)
    let isMore = try pair.client.write(into: output)
    #expect(isMore && output.count <= output.capacity && asked.unsentBytes > 0)
    var total = output.count
    for _ in 0..<8 where asked.unsentBytes > 0 {
      output.clear()
      _ = try pair.client.write(into: output)
      total += output.count
    }
    #expect(asked.unsentBytes == 0 && total > 60_000)
  }

  @Test func `a reset reaches the other side with its code`() throws {
    let pair = try Pair()
    let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: false))
    try pair.talk()
    let served = try #require(pair.server.takeOpened())
    pair.client.reset(asked, .cancel)
    try pair.talk()
    #expect(served.closeCode == .cancel && served.isResetByPeer)
    // What is done to a stream that is gone does nothing.
    pair.server.respond(served, Pair.fields([(":status", "200")]), isLast: true)
    pair.server.send(served, Pair.buffer([1]), count: 1, isLast: true)
    pair.server.reset(served, .noError)
    try pair.talk()
  }

  @Test func `a shutdown lets open streams end and takes no new ones`() throws {
    let pair = try Pair()
    let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: true))
    try pair.talk()
    pair.server.announceShutdown()
    try pair.talk()
    #expect(pair.client.goAway?.lastStream == Int32.max && !pair.client.mayRequest)
    pair.server.endAccepting(.noError)
    let served = try #require(pair.server.takeOpened())
    pair.server.respond(served, Pair.fields([(":status", "200")]), isLast: true)
    try pair.talk()
    #expect(pair.client.goAway?.lastStream == served.id)
    #expect(asked.closeCode == .noError && pair.server.hasEnded)
  }

  @Test func `trailers that end nothing are a broken rule`() throws {
    let pair = try Pair()
    let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: false))
    try pair.talk()
    pair.client.sendInterim(asked, Pair.fields([("x", "y")]))
    try pair.talk()
    #expect(asked.closeCode == .protocolError)
  }

  @Test func `reading pauses while heads wait to be taken, and loses none`() throws {
    let pair = try Pair()
    for _ in 0..<60 {
      _ = try #require(pair.client.request(Pair.fields(Self.get), isLast: true))
    }
    let wire = Buffer(capacity: 96 * 1024)
    _ = try pair.client.write(into: wire)
    var taken = 0
    var rounds = 0
    while !wire.isEmpty {
      wire.consume(try pair.server.receive(wire.bytes))
      var batch = 0
      while let stream = pair.server.takeOpened() {
        batch += 1
        if let head = stream.takeHead() { pair.server.recycle(head) }
      }
      #expect(batch <= 17)
      taken += batch
      rounds += 1
    }
    #expect(taken == 60 && rounds >= 4)
  }

  @Test func `a session that has rested goes on where it was`() throws {
    let pair = try Pair()
    for round in 0..<3 {
      let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: true))
      try pair.talk()
      let served = try #require(pair.server.takeOpened())
      pair.server.recycle(try #require(served.takeHead()))
      pair.server.respond(served, Pair.fields([(":status", "204"), ("a", "b")]), isLast: true)
      try pair.talk()
      #expect(asked.takeHead()?.pairs == [":status: 204", "a: b"])
      #expect(pair.server.streamCount == 0 && pair.client.streamCount == 0, "round \(round)")
      pair.server.releaseIdleMemory()
      pair.client.releaseIdleMemory()
    }
  }

  @Test func `an open stream outlives a rest`() throws {
    let pair = try Pair()
    let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: false))
    try pair.talk()
    let served = try #require(pair.server.takeOpened())
    pair.server.releaseIdleMemory()
    pair.server.respond(served, Pair.fields([(":status", "200")]), isLast: true)
    try pair.talk()
    #expect(asked.takeHead()?.pairs == [":status: 200"])
  }

  @Test func `many sessions begin, rest and end in any order`() throws {
    var pairs = try (0..<200).map { _ in try Pair() }
    for pair in pairs {
      _ = pair.client.request(Pair.fields(Self.get), isLast: false)
      try pair.talk()
    }
    pairs.removeAll { $0.bodies.lentCount == 0 && Bool.random() }
    pairs += try (0..<100).map { _ in try Pair() }
    for pair in pairs.reversed() {
      let asked = try #require(pair.client.request(Pair.fields(Self.get), isLast: true))
      try pair.talk()
      #expect(pair.server.streamCount >= 1)
      pair.client.reset(asked, .cancel)
      try pair.talk()
    }
    HTTP2Session.freeKeptMemory()
  }
}
