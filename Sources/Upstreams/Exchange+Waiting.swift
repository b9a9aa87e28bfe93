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
    let attempt = self.upstream.tryDeadline
    // The wait for an answer begins when the request was sent, if that was in this turn.
    let sent = self.upstream.sentAt
    let before = sent.flatMap { $0 >= waiter.now ? $0 : nil } ?? .now()
    let wake = await waiter.wait(until: min(min(deadline, totalDeadline), attempt))
    self.waitedNanoseconds &+= waiter.now.since(before)
    switch wake {
    case .signalled:
      if peer?.isGone == true {
        throw Failure(.clientGone, origin: .downstream, retry: .never)
      }
    case .timedOut:
      let isConnect = reason == .connectTimeout
      // The try's own time is up, whoever was waited for.
      let late = attempt <= waiter.now && !isConnect ? Reason.responseTimeout : reason
      throw Failure(
        totalDeadline <= waiter.now ? .totalTimeout : late, origin: .upstream,
        retry: isConnect ? .safe : .never)
    case .cancelled:
      throw Failure(.draining, origin: .gateway, retry: .never)
    }
  }

  /// Waits until `end` as long as the client does, whatever else happens.
  func pause(until end: Instant) async throws(Failure) {
    while waiter.now < end {
      do throws(Failure) {
        try await waitUpstream(until: end, else: .responseTimeout)
      } catch {
        guard error.reason == .responseTimeout else { throw error }
        return
      }
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
