// Copies of requests for an upstream whose answers nobody gets. A copy is written down as it would
// be sent, and read again as a request of its own: it shares nothing with the exchange that it was
// made of, which neither waits for it nor learns how it went.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Transport

/// One `mirror` of a route, on one worker.
package final class Mirror {
  /// Copies under way to one upstream on one worker: one that does not answer holds no more than
  /// this many buffers.
  static let copiesMax = 64
  /// Bytes of a request's body that are copied.
  static let bodyBytesMax = 64 * 1024
  /// Bytes of an answer that are read, so that its connection can be used again; a longer answer
  /// ends it.
  static let answerBytesMax: UInt64 = 1024 * 1024

  private let pool: UpstreamPool
  /// The share of requests, in millionths.
  private let share: UInt32
  private let forwarder: Forwarder
  private let start: TaskStarter
  /// Copies that are under way, or gather their body.
  private(set) var copyCount = 0

  package init(to pool: UpstreamPool, share: UInt32, start: TaskStarter) {
    self.pool = pool
    self.share = share
    self.start = start
    forwarder = Forwarder(
      shares: [Forwarder.Share(pool: pool, weight: 1)], sticky: nil, retry: nil, fallback: nil,
      mirrors: [], parameterNames: [])
  }

  /// Copies the exchange's request when it is among those that are copied. A request with a body
  /// is copied as the body passes, and sent when that is whole.
  func consider(_ exchange: Exchange) {
    let ticket = exchange.services.random.next().multipliedFullWidth(by: 1_000_000).high
    guard ticket < share, exchange.upgrade == nil else { return }
    guard copyCount < Self.copiesMax, let copy = copy(of: exchange) else {
      return pool.shared.mirrored(.dropped)
    }
    copyCount += 1
    if let body = exchange.requestBody {
      let mirrored = MirroredBody(body, for: copy, from: self)
      exchange.requestBody = mirrored
      exchange.hold(mirrored)
    } else {
      send(copy)
    }
  }

  /// The request as bytes; nil when it cannot be written down.
  private func copy(of exchange: Exchange) -> RequestCopy? {
    let request = exchange.request
    let buffer = pool.resources.buffers.borrow()
    do throws(HTTP1Error) {
      let isWhole = try pool.resources.scratch { head throws(HTTP1Error) in
        head.clear()
        try RequestEncoder.encode(
          request, authority: request.text(request.authority), blocks: [], into: &head)
        return buffer.append(head.bytes)
      }
      if isWhole, !request.authority.isEmpty {
        return RequestCopy(
          head: buffer, timeouts: exchange.timeouts, clientAddress: exchange.clientAddress,
          services: exchange.services)
      }
      pool.resources.buffers.giveBack(buffer)
      return nil
    } catch {
      // What the exchange itself will fail by is no matter of its copy.
      pool.resources.buffers.giveBack(buffer)
      return nil
    }
  }

  /// The copy will not be sent.
  func drop(_ copy: RequestCopy) {
    copyCount -= 1
    giveBack(copy)
    pool.shared.mirrored(.dropped)
  }

  func borrowBuffer() -> Buffer { pool.resources.buffers.borrow() }

  func send(_ copy: RequestCopy) {
    start { [self] in
      let isGood = await run(copy)
      copyCount -= 1
      pool.shared.mirrored(isGood ? .sent : .failed)
    }
  }

  private func giveBack(_ copy: RequestCopy) {
    pool.resources.buffers.giveBack(copy.head)
    if let body = copy.body { pool.resources.buffers.giveBack(body) }
  }

  /// Sends a copy to its end. Returns whether an answer came.
  private func run(_ copy: RequestCopy) async -> Bool {
    let loop = pool.resources.loop
    let exchange = Exchange(
      request: Request(fields: FieldSection(addedBytesMax: 1024)),
      response: ResponseHead(fields: FieldSection(addedBytesMax: 1024)),
      services: copy.services, waiter: Waiter(on: loop))
    defer {
      exchange.finish()
      exchange.request.reset()
      exchange.response.reset()
      exchange.waiter.retire()
      giveBack(copy)
    }
    do throws(HTTP1Error) {
      var parser = RequestParser(limits: .request, rules: RequestRules())
      guard try parser.parse(copy.head, into: exchange.request) == .done else { return false }
    } catch { return false }
    exchange.startedAt = loop.now
    exchange.timeouts = copy.timeouts
    exchange.clientAddress = copy.clientAddress
    exchange.requestBody = copy.body.map { StoredBody($0) }
    do throws(Failure) {
      try await forwarder.respond(to: exchange)
      try await readAnswer(of: exchange)
      return true
    } catch {
      exchange.failure = error
      return false
    }
  }

  private func readAnswer(of exchange: Exchange) async throws(Failure) {
    guard case .stream(let body) = exchange.responseBody else { return }
    var count: UInt64 = 0
    while let chunk = try await body.pull() {
      chunk.buffer.consume(chunk.count)
      count += UInt64(chunk.count)
      guard count <= Self.answerBytesMax else { return body.cancel() }
    }
  }
}

/// A request that is written down.
final class RequestCopy {
  let head: Buffer
  var body: Buffer?
  let timeouts: Timeouts
  let clientAddress: IPAddress?
  let services: Services

  init(
    head: Buffer, timeouts: Timeouts, clientAddress: IPAddress?, services: Services
  ) {
    self.head = head
    self.timeouts = timeouts
    self.clientAddress = clientAddress
    self.services = services
  }
}
