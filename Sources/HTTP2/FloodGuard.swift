// Counts what a peer does and says when it is too much. All counters are those of one connection;
// none of them grows with what the peer sends.

/// A budget that refills with time: so many at once, and so many per second in the long run.
struct TokenBucket: BitwiseCopyable {
  private let burst: UInt64
  private let perSecond: UInt64
  /// Thousandths of a token.
  private var left: UInt64
  private var refilledAt: UInt64 = 0

  init(burst: UInt64, perSecond: UInt64) {
    self.burst = burst * 1_000
    self.perSecond = perSecond
    left = burst * 1_000
  }

  /// Takes `count` tokens. Returns false when there are not so many.
  mutating func take(_ count: UInt64 = 1, now: UInt64) -> Bool {
    refill(now)
    let cost = count * 1_000
    guard left >= cost else {
      left = 0
      return false
    }
    left -= cost
    return true
  }

  /// Puts `count` tokens back, up to the burst.
  mutating func give(_ count: UInt64) { left = min(burst, left + count * 1_000) }

  /// Whether less than a quarter is left.
  var isLow: Bool { left < burst / 4 }

  private mutating func refill(_ now: UInt64) {
    guard now > refilledAt else { return }
    // Milliseconds times tokens per second are thousandths of tokens. An hour fills every bucket.
    let passed = min((now - refilledAt) / 1_000_000, 3_600_000)
    guard passed > 0 else { return }
    left = min(burst, left + passed * perSecond)
    refilledAt = now
  }
}

/// The limits of docs/hardening.md's row "h2 floods". All of them hold per connection.
public struct FloodLimits: Sendable, Equatable {
  public init() {}

  /// Resets at once and per second, each of those received before an answer and those provoked.
  public var resetBurst: UInt64 = 200
  public var resetsPerSecond: UInt64 = 20
  /// SETTINGS and PING at once and per second. Traffic earns more: some clients measure their
  /// bandwidth with a PING for every few DATA frames.
  public var controlBurst: UInt64 = 1_000
  public var controlsPerSecond: UInt64 = 100
  /// PRIORITY frames for each stream, and before the first one.
  public var prioritiesPerStream: UInt64 = 100
  /// Consecutive frames without payload that end nothing.
  public var emptyFramesMax: UInt64 = 1
  /// Violations that are no more than odd each by itself, at once; one a second is forgotten.
  public var glitchesMax: UInt64 = 100
  /// Bytes of framing beyond eight times the payload: small frames are fine, millions are not.
  public var overheadBytesMax: UInt64 = 1024 * 1024
  /// CONTINUATION frames of one head.
  public var continuationsMax = 8
  /// How far a head may grow beyond its limits while it is decoded and thrown away.
  public var bombFactor = 4
  /// Entries of one SETTINGS frame (CVE-2020-11080).
  public var settingsEntriesMax = 32
  /// Answers to PING and SETTINGS that wait to be sent.
  public var outboundControlsMax = 1_000
}

/// The counters of one connection. Times are in nanoseconds of a monotonic clock.
struct FloodGuard {
  private let limits: FloodLimits
  private var resets: TokenBucket
  private var provoked: TokenBucket
  private var controls: TokenBucket
  private var glitches: TokenBucket
  private var streams: UInt64 = 0
  private var priorities: UInt64 = 0
  private var windowUpdates: UInt64 = 0
  private var dataFramesSent: UInt64 = 0
  private var consecutiveEmpty: UInt64 = 0
  private var payloadBytes: UInt64 = 0
  private var totalBytes: UInt64 = 0

  init(_ limits: FloodLimits) {
    self.limits = limits
    resets = TokenBucket(burst: limits.resetBurst, perSecond: limits.resetsPerSecond)
    provoked = resets
    controls = TokenBucket(burst: limits.controlBurst, perSecond: limits.controlsPerSecond)
    glitches = TokenBucket(burst: limits.glitchesMax, perSecond: 1)
  }

  /// Whether three quarters of a budget are gone: the peer is told to come back on another
  /// connection.
  var isLow: Bool { resets.isLow || provoked.isLow || glitches.isLow }

  mutating func streamOpened() {
    streams &+= 1
    controls.give(1)
  }

  mutating func dataSent() {
    dataFramesSent &+= 1
    controls.give(1)
  }

  /// Bytes have been read, whatever they were.
  mutating func read(_ count: Int) -> FloodKind? {
    totalBytes &+= UInt64(count)
    return totalBytes / 8 > payloadBytes &+ limits.overheadBytesMax ? .overhead : nil
  }

  /// Some of them were of use: heads, and bodies without their padding.
  mutating func used(_ count: Int) { payloadBytes &+= UInt64(count) }

  /// A DATA or HEADERS frame: whether it is empty and ends nothing.
  mutating func payloadSeen(isIdle: Bool) -> FloodKind? {
    guard isIdle else {
      consecutiveEmpty = 0
      return nil
    }
    consecutiveEmpty += 1
    return consecutiveEmpty > limits.emptyFramesMax ? .emptyFrame : nil
  }

  mutating func control(_ kind: FloodKind, now: UInt64) -> FloodKind? {
    controls.take(now: now) ? nil : kind
  }

  mutating func priority() -> FloodKind? {
    priorities &+= 1
    return priorities > limits.prioritiesPerStream &* (1 &+ streams) ? .priority : nil
  }

  mutating func windowUpdate() -> FloodKind? {
    windowUpdates &+= 1
    return windowUpdates > 5 &+ 2 &* (streams &+ 10 &* dataFramesSent) ? .windowUpdate : nil
  }

  mutating func resetReceived(now: UInt64) -> FloodKind? {
    resets.take(now: now) ? nil : .rapidReset
  }

  mutating func resetProvoked(now: UInt64) -> FloodKind? {
    provoked.take(now: now) ? nil : .provokedReset
  }

  /// Something odd, as bad as `weight` small things.
  mutating func glitch(_ kind: FloodKind, weight: UInt64, now: UInt64) -> FloodKind? {
    glitches.take(weight, now: now) ? nil : kind
  }
}
