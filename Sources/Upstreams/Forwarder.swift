// The destination of a route that says `to`: it picks the upstream, leases a connection and brings
// the response head.

import Engine
import HTTPMessage
import PolicyChain

/// Forwards exchanges to one of a route's upstreams.
package final class Forwarder: Destination {
  /// An upstream and its share of the requests, in hundredths of a percent.
  package struct Share {
    package let pool: UpstreamPool
    package let weight: UInt32

    package init(pool: UpstreamPool, weight: UInt32) {
      self.pool = pool
      self.weight = weight
    }
  }

  /// What answers while the breaker of an upstream is open.
  package enum Fallback {
    case upstream(UpstreamPool)
    case answer(any Destination)
  }

  /// Times that a request is sent when servers refuse it before they have looked at it.
  private static let attemptsMax = 3

  /// A share as a piece of the line from zero to the sum of all weights.
  struct Place {
    let pool: UpstreamPool
    let end: UInt64
    /// What the upstream is balanced by; nil when it does not hash.
    let key: RequestKey?

    init(_ pool: UpstreamPool, end: UInt64, parameterNames: [String]) {
      self.pool = pool
      self.end = end
      if case .hash(let source) = pool.definition.balance {
        key = RequestKey(source, parameterNames: parameterNames)
      } else {
        key = nil
      }
    }
  }

  /// The fallback as requests meet it.
  enum Refuge {
    case place(Place)
    case answer(any Destination)
  }

  private let places: [Place]
  /// The pool that takes every request as it is; nil where a place has to be chosen or the request
  /// to be fitted.
  private let plainPool: UpstreamPool?
  private let total: UInt64
  private let sticky: RequestKey?
  /// Where copies of requests go.
  private let mirrors: [Mirror]
  /// Nil: a request that failed has failed.
  private let retry: RetryRule?
  /// For bodies that may be sent again.
  let shelf: ReplayShelf?
  /// Nil: a breaker that is open is answered with its refusal.
  let refuge: Refuge?

  /// - Parameters:
  ///   - shares: not empty; their weights add up to more than zero.
  ///   - sticky: what keeps a client on the share that it has; nil draws for each request.
  ///   - retry: when a request is sent again; nil for never.
  ///   - fallback: what answers while a breaker is open; nil for its refusal.
  ///   - mirrors: where copies of requests go.
  ///   - parameterNames: the route's path parameters in the order of their slots.
  package init(
    shares: [Share], sticky: RequestKeySource?, retry: RetryRule?, fallback: Fallback?,
    mirrors: [Mirror], parameterNames: [String]
  ) {
    precondition(!shares.isEmpty, "A route forwards to at least one upstream.")
    var end: UInt64 = 0
    places = shares.map { share in
      end += UInt64(share.weight)
      return Place(share.pool, end: end, parameterNames: parameterNames)
    }
    total = end
    let isPlain =
      places.count == 1 && places[0].key == nil && places[0].pool.definition.version != .http2
    plainPool = isPlain ? places[0].pool : nil
    self.retry = retry
    self.mirrors = mirrors
    shelf = retry.map {
      ReplayShelf(buffers: shares[0].pool.resources.buffers, bytesMax: $0.replayMax)
    }
    refuge = fallback.map { fallback in
      switch fallback {
      case .upstream(let pool): .place(Place(pool, end: 0, parameterNames: parameterNames))
      case .answer(let destination): .answer(destination)
      }
    }
    self.sticky = sticky.map { RequestKey($0, parameterNames: parameterNames) }
  }

  package func respond(to exchange: Exchange) async throws(Failure) {
    if try MaxForwards.endsHere(exchange) { return }
    // An extended CONNECT is nothing without its tunnel, which the route has to allow: RFC 8441.
    if exchange.request.version == .http2, exchange.request.upgrade == .asked {
      throw .refused(.upgradeNotServed)
    }
    if !mirrors.isEmpty { for mirror in mirrors { mirror.consider(exchange) } }
    let pool: UpstreamPool
    if let plainPool {
      pool = plainPool
    } else {
      let place = pick(exchange)
      pool = place.pool
      try prepare(exchange, for: place)
    }
    try addVia(to: exchange.request)
    do throws(Failure) {
      if let retry, retry.covers(exchange.request) {
        try await retrying(exchange, at: pool, by: retry)
      } else {
        try await attempt(exchange, at: pool)
      }
    } catch {
      guard error.reason == .breakerOpen, let refuge else { throw error }
      try await takeRefuge(in: refuge, from: pool, exchange)
    }
  }

  /// Fits the request to the upstream that it goes to.
  func prepare(_ exchange: Exchange, for place: Place) throws(Failure) {
    if let key = place.key { exchange.upstream.key = key.hash(exchange) }
    // There is no Upgrade in HTTP/2: a route that allows one never leads there.
    if place.pool.definition.version == .http2, exchange.upgrade != nil {
      throw .refused(.upgradeNotServed)
    }
  }

  /// One try: up to the answer's head. Inlined, so that a route without retries pays for no frame.
  @inline(__always)
  func attempt(_ exchange: Exchange, at pool: UpstreamPool) async throws(Failure) {
    var mayReuse = true
    while true {
      try pool.admit(exchange)
      let server = try pool.chooseServer(for: exchange)
      let lease: UpstreamLease
      if mayReuse, let idle = server.lendIdle() {
        lease = .connection(idle)
      } else {
        lease = try await pool.connect(to: server, for: exchange, mayReuse: mayReuse)
      }
      exchange.upstream.attempts += 1
      exchange.upstream.isReused = !lease.isFresh
      do throws(Failure) {
        try exchange.passDeadline()
        switch lease {
        case .connection(let connection):
          try connection.begin(exchange)
          while try !connection.readHead(exchange) {
            try await connection.waitForProgress(exchange)
          }
        case .stream(let stream): try await stream.begin(exchange)
        }
        if pool.isSticky { pool.stick(exchange, to: lease.server) }
        exchange.responseBody = lease.hold(for: exchange)
        return
      } catch {
        let isAgain = mayTryAgain(exchange, after: error, mayReuse: mayReuse)
        // Nobody is to blame for a connection that had grown stale, nor for a stream that a server
        // which is about to leave did not take.
        let isStale = error.retry != .never && mayReuse && exchange.upstream.isReused
        lease.release(after: exchange, error, isBlameless: isStale || error.retry == .safe)
        exchange.response.reset()
        guard isAgain else { throw error }
        exchange.upstream.tried &= ~lease.server.bit
        mayReuse = false
      }
    }
  }

  /// Whether the same request may be sent once more.
  private func mayTryAgain(_ exchange: Exchange, after error: Failure, mayReuse: Bool) -> Bool {
    switch error.retry {
    case .never: false
    // The server says that it did nothing. What the client has sent of a body is gone, though.
    case .safe:
      exchange.upstream.attempts < Self.attemptsMax && exchange.outcome.requestBodyBytes == 0
    // The peer may have closed this idle connection as we wrote.
    case .ifIdempotent:
      mayReuse && exchange.upstream.isReused && exchange.request.method.isIdempotent
        && exchange.request.framing == .none
    }
  }

  /// RFC 9110 section 7.6.3: a gateway says that the request came through it, and how it came.
  private func addVia(to request: Request) throws(Failure) {
    let value: StaticString =
      switch request.version {
      case .http10: "1.0 sluice"
      case .http11: "1.1 sluice"
      case .http2: "2.0 sluice"
      }
    guard request.fields.add(.via, name: KnownField.via.name.bytes, value: value.bytes) else {
      throw Failure(
        .internalError, origin: .gateway, retry: .never, detail: "no room for the Via field")
    }
  }

  /// The upstream that a request goes to. With a key the place on the line of all shares is the
  /// key's own: a share that grows at the other's cost takes keys and gives none away.
  private func pick(_ exchange: Exchange) -> Place {
    if places.count == 1 { return places[0] }
    let random = sticky?.hash(exchange) ?? exchange.services.random.next()
    let ticket = random.multipliedFullWidth(by: total).high
    for place in places where ticket < place.end { return place }
    preconditionFailure("A ticket is below the sum of all weights.")
  }
}
