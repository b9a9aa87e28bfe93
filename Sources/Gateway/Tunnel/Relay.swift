// Carries the bytes of an upgraded connection, in one task for both directions. What one side does
// not take is not read from the other, so that memory stays bounded by one send each way.

import Engine
import PolicyChain

/// The two ends of an upgraded connection, and the clock that they are held to.
struct Relay {
  /// Bytes that one direction moves before the other one, and other connections, have their turn.
  private static let bytesPerTurn = 256 * 1024
  /// Milliseconds that the second side has to end after the first one did. RFC 6455 section 7.1.1:
  /// the client waits for the server to close, and need not wait long.
  private static let farewell: UInt64 = 10_000

  private let exchange: Exchange
  private let terms: UpgradeTerms
  private let client: any TunnelEnd
  private let upstream: any TunnelEnd
  /// Milliseconds in which a client must take something of what waits for it.
  private let writeStall: UInt64
  private let ageEnd: Instant

  private var fromClient = Direction()
  private var fromUpstream = Direction()
  private var progressAt: Instant
  private var endedAt: Instant?
  private var isClientStalledSince: Instant?

  /// One direction's way.
  private struct Direction {
    var isEnded = false
    /// Whether more could be moved at once.
    var hasMore = false
  }

  init(
    _ exchange: Exchange, by terms: UpgradeTerms, client: any TunnelEnd, upstream: any TunnelEnd,
    writeStall: UInt64
  ) {
    self.exchange = exchange
    self.terms = terms
    self.client = client
    self.upstream = upstream
    self.writeStall = writeStall
    let now = exchange.waiter.now
    ageEnd = now.advanced(milliseconds: terms.ageMax)
    progressAt = now
  }

  /// Returns when both sides have ended in order; throws why it came otherwise.
  mutating func run() async throws(Failure) {
    do throws(Failure) {
      while true {
        let toUpstream = try move(\.fromClient, from: client, to: upstream, by: .client)
        exchange.outcome.requestBodyBytes &+= toUpstream
        let toClient = try move(\.fromUpstream, from: upstream, to: client, by: .upstream)
        exchange.outcome.responseBodyBytes &+= toClient
        if fromClient.isEnded, fromUpstream.isEnded { return }
        if toUpstream > 0 || toClient > 0 { progressAt = exchange.waiter.now }
        try noteStall(toClient)
        if fromClient.hasMore || fromUpstream.hasMore {
          await Task.yield()
          try endIfCancelled()
        } else {
          try await wait()
        }
      }
    } catch {
      // A peer that broke off is told so to the other one; all other ends are orderly closes.
      if error.origin == .downstream { upstream.abort() }
      throw error
    }
  }

  private mutating func move(
    _ direction: WritableKeyPath<Relay, Direction>, from source: any TunnelEnd,
    to sink: any TunnelEnd, by side: TunnelSide
  ) throws(Failure) -> UInt64 {
    guard !self[keyPath: direction].isEnded else { return 0 }
    self[keyPath: direction].hasMore = false
    var moved = 0
    while try sink.flush() {
      guard moved < Self.bytesPerTurn else {
        self[keyPath: direction].hasMore = true
        break
      }
      guard let chunk = try source.ready() else {
        if source.hasEnded { end(direction, sink, side) }
        break
      }
      try terms.take(chunk.count)
      moved += chunk.count
      try sink.send(chunk)
    }
    return UInt64(moved)
  }

  private mutating func end(
    _ direction: WritableKeyPath<Relay, Direction>, _ sink: any TunnelEnd, _ side: TunnelSide
  ) {
    sink.endSending()
    self[keyPath: direction].isEnded = true
    guard endedAt == nil else { return }
    endedAt = exchange.waiter.now
    exchange.outcome.closedBy = side
  }

  /// A client that takes nothing of what waits for it holds a buffer of ours: not for long.
  private mutating func noteStall(_ sent: UInt64) throws(Failure) {
    if try client.flush() {
      isClientStalledSince = nil
    } else if sent > 0 || isClientStalledSince == nil {
      isClientStalledSince = exchange.waiter.now
    }
  }

  private func endIfCancelled() throws(Failure) {
    guard !exchange.waiter.isCancelled else {
      throw Failure(.draining, origin: .gateway, retry: .never)
    }
  }

  /// Parks until one of the sockets changes, for as long as all bounds allow.
  private func wait() async throws(Failure) {
    let stallEnd = isClientStalledSince?.advanced(milliseconds: writeStall) ?? .never
    let farewellEnd = endedAt?.advanced(milliseconds: Self.farewell) ?? .never
    let idleEnd = progressAt.advanced(milliseconds: terms.idle)
    let deadline = min(min(stallEnd, farewellEnd), min(idleEnd, ageEnd))
    let before = Instant.now()
    let wake = await exchange.waiter.wait(until: deadline)
    exchange.waitedNanoseconds &+= exchange.waiter.now.since(before)
    switch wake {
    case .signalled: return
    case .cancelled: throw Failure(.draining, origin: .gateway, retry: .never)
    case .timedOut:
      if deadline == stallEnd { throw Failure(.writeStalled, origin: .downstream, retry: .never) }
      let reason: Reason = deadline == ageEnd ? .tunnelAge : .tunnelIdle
      throw Failure(reason, origin: .gateway, retry: .never)
    }
  }
}
