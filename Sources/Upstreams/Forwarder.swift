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
    var mayReuse = true
    while true {
      let connection = try await pool.lease(for: exchange, mayReuse: mayReuse)
      exchange.upstream.attempts += 1
      exchange.upstream.isReused = !connection.isFresh
      do throws(Failure) {
        try exchange.passGRPCDeadline()
        try await connection.begin(exchange)
        exchange.hold(connection)
        exchange.responseBody = connection.body(of: exchange)
        return
      } catch {
        connection.release(after: exchange)
        exchange.response.reset()
        // The peer may have closed this idle connection as we wrote: an idempotent request may try
        // once more.
        guard error.retry != .never, mayReuse, exchange.upstream.isReused,
          exchange.request.method.isIdempotent, exchange.request.framing == .none
        else { throw error }
        mayReuse = false
      }
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
