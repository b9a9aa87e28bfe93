// How fast a client must send a body, whatever protocol it speaks.

import Engine

/// The pace of one request body: some progress within the idle time, and on the whole no less than
/// the listener's least rate after a grace. Only time in which we wait for the client counts.
struct BodyPace {
  private var waitingSince: Instant?
  private var waitedMilliseconds: UInt64 = 0

  /// When the client must have sent something, after so many bytes.
  func deadline(after receivedBytes: UInt64, idle: UInt64, limits: ConnectionLimits) -> Instant {
    guard let waitingSince else { return .never }
    let earned = limits.rateGrace &+ receivedBytes &* 1_000 / max(limits.rateMin, 1)
    let allowance = earned > waitedMilliseconds ? earned - waitedMilliseconds : 0
    return waitingSince.advanced(milliseconds: min(idle, allowance))
  }

  mutating func awaits(since now: Instant) {
    if waitingSince == nil { waitingSince = now }
  }

  mutating func received(at now: Instant) {
    guard let since = waitingSince else { return }
    waitedMilliseconds &+= now.since(since) / 1_000_000
    waitingSince = nil
  }
}
