// How fast a peer must take what is sent to it: see `Transport.drain`.

/// The least that is asked of a reader.
package struct SendingPace {
  /// Milliseconds without any progress.
  package let stall: UInt64
  /// Bytes per second once `grace` has passed; looked at every `stall`. Zero for no minimum.
  package let bytesPerSecondMin: UInt64
  /// Milliseconds.
  package let grace: UInt64

  package init(stall: UInt64, bytesPerSecondMin: UInt64, grace: UInt64) {
    self.stall = stall
    self.bytesPerSecondMin = bytesPerSecondMin
    self.grace = grace
  }

  /// Whether `count` bytes in `elapsed` milliseconds are enough.
  package func allows(_ elapsed: UInt64, for count: Int) -> Bool {
    guard bytesPerSecondMin > 0 else { return true }
    return elapsed <= grace + UInt64(max(0, count)) * 1_000 / bytesPerSecondMin
  }
}
