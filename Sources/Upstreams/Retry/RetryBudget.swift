// How many retries an upstream may get: a share of its requests over the last two seconds. So an
// upstream that is down sees little more than what its clients send.

import Engine

/// Retries against requests in a sliding window, over all workers.
struct RetryBudget {
  /// Retries per second that are always allowed: a quiet upstream has no share to speak of.
  static let retriesPerSecondMin: UInt64 = 3
  /// Milliseconds of the window. A longer one would let a flood of old requests pay for a storm.
  static let window: UInt64 = 2_000
  /// Samples that are kept. Control makes four a second; more often changes nothing.
  static let samplesMax = 64

  private struct Sample {
    let time: Instant
    let tries: UInt64
    let retries: UInt64
  }

  private var samples: [Sample] = []
  private var retries: UInt64 = 0

  /// Notes how many tries there have been; called a few times a second, also when all is well.
  mutating func sample(tries: UInt64, at now: Instant) {
    samples.append(Sample(time: now, tries: tries, retries: retries))
    while samples.count > 1,
      samples.count > Self.samplesMax
        || samples[1].time.advanced(milliseconds: Self.window) <= now
    {
      samples.removeFirst()
    }
  }

  /// Whether one more retry fits, which is counted then.
  ///
  /// - Parameters:
  ///   - tries: all tries since the start, retries among them.
  ///   - share: in millionths.
  mutating func permit(share: UInt64, tries: UInt64, at now: Instant) -> Bool {
    if samples.isEmpty { sample(tries: tries, at: now) }
    let before = samples[0]
    let recent = retries &- before.retries
    // A server that is just being forgotten is missing for a moment.
    let all = tries > before.tries ? tries - before.tries : 0
    let first = all > recent ? all - recent : 0
    let (scaled, isTooMuch) = first.multipliedReportingOverflow(by: share)
    let allowed = isTooMuch ? first : scaled / 1_000_000
    guard recent < max(allowed, Self.retriesPerSecondMin * Self.window / 1_000) else {
      return false
    }
    retries &+= 1
    return true
  }
}
