// Which streams of a client are over, and which of those may still send: RFC 9113 section 5.1.

/// What a server remembers of closed streams: the newest id, and those that it has reset lately.
struct StreamHistory {
  /// Resets that are remembered. What was sent before the client saw one arrives within a round
  /// trip, in which no more than a few hundred streams can end.
  private static let resetsMax = 256

  /// The highest stream that the client has begun.
  private(set) var newest: Int32 = 0
  /// Begun, and not accepted so far.
  private var unopened: Int32 = 0
  private var resets: [Int32] = []
  private var oldest = 0

  mutating func began(_ stream: Int32) {
    if unopened != 0 { reset(unopened) }
    newest = stream
    unopened = stream
  }

  mutating func opened(_ stream: Int32) {
    if unopened == stream { unopened = 0 }
  }

  mutating func reset(_ stream: Int32) {
    if resets.count < Self.resetsMax {
      resets.append(stream)
    } else {
      resets[oldest] = stream
      oldest = (oldest + 1) % Self.resetsMax
    }
  }

  func mayStillSend(_ stream: Int32) -> Bool { stream == unopened || resets.contains(stream) }

  /// The connection has been idle for longer than a round trip.
  mutating func forgetResets() {
    resets = []
    oldest = 0
  }
}
