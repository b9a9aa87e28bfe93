// Tries after the first one, for routes that say `retry`.

import Engine
import HTTPMessage
import PolicyChain

extension Forwarder {
  /// Runs of bytes that are read of an answer that nobody wants; a longer one ends its connection.
  private static let abandonedChunksMax = 4

  /// Tries until an answer is good enough, or until another try is not allowed, not affordable or
  /// not in time. Nothing has been sent to the client before this returns.
  func retrying(
    _ exchange: Exchange, at pool: UpstreamPool, by rule: RetryRule
  ) async throws(Failure) {
    let replay = shelf?.wrapBody(of: exchange)
    defer { replay?.stopKeeping() }
    var tries = 1
    while true {
      var failure: Failure?
      exchange.upstream.tryDeadline =
        exchange.timeouts.attempt.map { pool.resources.loop.now.advanced(milliseconds: $0) }
        ?? .never
      do throws(Failure) {
        try await attempt(exchange, at: pool)
      } catch { failure = error }
      exchange.upstream.tryDeadline = .never
      guard let cause = rule.cause(of: failure, exchange), tries < rule.attempts,
        replay?.isRepeatable != false,
        let start = start(ofTry: tries, after: cause, exchange, pool, rule),
        pool.shared.permitRetry(for: cause, share: rule.budget, at: pool.resources.loop.now)
      else {
        if let failure { throw failure }
        return
      }
      tries += 1
      if failure == nil { abandonAnswer(of: exchange) }
      replay?.rewind()
      exchange.prepareForNextTry()
      try await exchange.pause(until: start)
    }
  }

  /// When the next try begins; nil when it could not end in time.
  private func start(
    ofTry retry: Int, after cause: RetryRule.Cause, _ exchange: Exchange, _ pool: UpstreamPool,
    _ rule: RetryRule
  ) -> Instant? {
    let now = pool.resources.loop.now
    var pause = Backoff.pause(
      before: retry, in: rule.backoff, random: exchange.services.random.next())
    if cause == .status, let asked = Backoff.retryAfter(exchange.response) {
      // A server that asks for more than any pause of ours is not asked again.
      guard asked <= rule.backoff.upperBound else { return nil }
      pause = max(pause, asked)
    }
    let start = now.advanced(milliseconds: pause)
    let usual = pool.usualMilliseconds(at: now)
    guard start.advanced(milliseconds: usual) < exchange.totalDeadline else { return nil }
    return start
  }

  /// Lets go of an answer that is not good enough. What has come of its body is read, since a
  /// connection at a clean end can be used again.
  private func abandonAnswer(of exchange: Exchange) {
    if case .stream(let body) = exchange.responseBody {
      do throws(Failure) {
        for _ in 0..<Self.abandonedChunksMax {
          guard let chunk = try body.ready() else { break }
          chunk.buffer.consume(chunk.count)
        }
      } catch {
        // The answer was to be thrown away: the broken connection is closed with its release.
        body.cancel()
      }
    }
    exchange.responseBody = .none
    exchange.releaseLast()
  }
}

extension Exchange {
  /// Forgets what the last try brought.
  fileprivate func prepareForNextTry() {
    response.reset()
    responseBody = .none
    self.upstream.status = 0
    self.upstream.firstByteAt = nil
  }
}
