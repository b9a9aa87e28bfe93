// Where a request goes while the breaker of its upstream is open, for routes that say `fallback`.

import PolicyChain

extension Forwarder {
  /// Answers in place of an upstream whose breaker is open. The request is whole: a breaker refuses
  /// before anything of it is sent, and a try before that has been rewound.
  func takeRefuge(
    in refuge: Refuge, from pool: UpstreamPool, _ exchange: Exchange
  ) async throws(Failure) {
    pool.shared.fellBack()
    exchange.upstream.isFallback = true
    exchange.retryAfter = 0
    switch refuge {
    case .answer(let destination):
      // Whoever was tried before has not answered.
      exchange.server = nil
      try await destination.respond(to: exchange)
    case .place(let place):
      exchange.upstream.tried = 0
      try prepare(exchange, for: place)
      try await attempt(exchange, at: place.pool)
    }
  }
}
