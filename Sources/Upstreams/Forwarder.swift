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

  /// Times that a request is sent when servers refuse it before they have looked at it.
  private static let attemptsMax = 3

  private let shares: [Share]
  private let total: UInt32

  /// - Parameter shares: not empty; their weights add up to more than zero.
  package init(shares: [Share]) {
    precondition(!shares.isEmpty, "A route forwards to at least one upstream.")
    self.shares = shares
    total = shares.reduce(0) { $0 + $1.weight }
  }

  package func respond(to exchange: Exchange) async throws(Failure) {
    if try MaxForwards.endsHere(exchange) { return }
    let pool = pick(exchange)
    try addVia(to: exchange.request)
    // There is no Upgrade in HTTP/2: the request goes on as the plain one that it may also be.
    if pool.definition.version == .http2, exchange.upgrade != nil {
      exchange.upgrade = nil
      exchange.request.upgrade = .none
    }
    var mayReuse = true
    while true {
      let lease = try await pool.lease(for: exchange, mayReuse: mayReuse)
      exchange.upstream.attempts += 1
      exchange.upstream.isReused = !lease.isFresh
      do throws(Failure) {
        try exchange.passGRPCDeadline()
        try await lease.begin(exchange)
        exchange.responseBody = lease.hold(for: exchange)
        return
      } catch {
        lease.release(after: exchange)
        exchange.response.reset()
        guard mayTryAgain(exchange, after: error, mayReuse: mayReuse) else { throw error }
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
    let value: StaticString = request.version == .http10 ? "1.0 sluice" : "1.1 sluice"
    guard request.fields.add(.via, name: KnownField.via.name.bytes, value: value.bytes) else {
      throw Failure(
        .internalError, origin: .gateway, retry: .never, detail: "no room for the Via field")
    }
  }

  private func pick(_ exchange: Exchange) -> UpstreamPool {
    if shares.count == 1 { return shares[0].pool }
    var ticket = UInt32(truncatingIfNeeded: exchange.services.random.next() % UInt64(total))
    for share in shares {
      if ticket < share.weight { return share.pool }
      ticket -= share.weight
    }
    preconditionFailure("A ticket is below the sum of all weights.")
  }
}
