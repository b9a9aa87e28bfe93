// How an exchange waits for its upstream: until a deadline, and never longer than its client.

import Engine
import PolicyChain

extension Exchange {
  /// Parks until something about the exchange's sockets changes.
  ///
  /// Throws `reason` when the deadline passes, and `clientGone` when nobody waits for the answer
  /// any more. The time is counted as waited, not as our own overhead.
  func waitUpstream(until deadline: Instant, else reason: Reason) async throws(Failure) {
    if peer?.isGone == true {
      throw Failure(.clientGone, origin: .downstream, retry: .never)
    }
    // The wait for an answer begins when the request was sent, if that was in this turn.
    let sent = self.upstream.sentAt
    let before = sent.flatMap { $0 >= waiter.now ? $0 : nil } ?? .now()
    let wake = await waiter.wait(until: min(deadline, totalDeadline))
    self.waitedNanoseconds &+= waiter.now.since(before)
    switch wake {
    case .signalled:
      if peer?.isGone == true {
        throw Failure(.clientGone, origin: .downstream, retry: .never)
      }
    case .timedOut:
      let isTotal = totalDeadline <= waiter.now
      let isConnect = reason == .connectTimeout
      throw Failure(
        isTotal ? .totalTimeout : reason, origin: .upstream, retry: isConnect ? .safe : .never)
    case .cancelled:
      throw Failure(.draining, origin: .gateway, retry: .never)
    }
  }

  /// Waits for more of the request's body. Only the client keeps us waiting then: its silence is no
  /// fault of the upstream.
  func waitForBody(until deadline: Instant) async throws(Failure) {
    do throws(Failure) {
      try await waitUpstream(until: deadline, else: .bodyTimeout)
    } catch {
      guard error.reason == .bodyTimeout else { throw error }
      // Its rest is never taken for another request.
      requestBody?.cancel()
      throw .refused(.bodyTimeout)
    }
  }
}
