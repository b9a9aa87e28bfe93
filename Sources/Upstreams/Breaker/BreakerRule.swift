// When an upstream is given a rest, as the config says it.

/// The rule of a circuit breaker.
package struct BreakerRule: Sendable, Hashable {
  /// Share of failed tries that opens it, in millionths.
  package let errorShare: UInt64
  /// Tries in the window below which no share means anything.
  package let requestsMin: UInt64
  /// Milliseconds over which shares are taken.
  package let window: UInt64
  /// Milliseconds for which it stays open.
  package let open: UInt64
  /// Tries that must all end well before it lets more through.
  package let probes: UInt64
  /// Milliseconds over which the share that is let through grows to all.
  package let ramp: UInt64
  /// Failed tries in a row that open it; zero never does.
  package let consecutive: UInt64
  /// Milliseconds from which a try is a slow one, and the share of them in millionths that opens
  /// it; nil when slowness does not count.
  package let slow: SlowCalls?

  package struct SlowCalls: Sendable, Hashable {
    package let milliseconds: UInt64
    package let share: UInt64

    package init(milliseconds: UInt64, share: UInt64) {
      self.milliseconds = milliseconds
      self.share = share
    }
  }

  package init(
    errorShare: UInt64, requestsMin: UInt64, window: UInt64, open: UInt64, probes: UInt64,
    ramp: UInt64, consecutive: UInt64, slow: SlowCalls?
  ) {
    self.errorShare = errorShare
    self.requestsMin = requestsMin
    self.window = window
    self.open = open
    self.probes = probes
    self.ramp = ramp
    self.consecutive = consecutive
    self.slow = slow
  }
}
