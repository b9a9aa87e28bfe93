// What the echo upstream takes on. It is for demos and tests, and is bounded like everything else.

enum EchoLimits {
  /// Connections at a time; more wait in the kernel's queue.
  static let connectionsMax = 1024
  /// Bytes of one request's body, which is kept whole for its digest.
  static let bodyBytesMax = 8 << 20
  /// Bytes of all bodies that are kept at a time.
  static let bodiesBytesMax = 64 << 20
  /// Bytes of a body that are shown as text.
  static let shownBytesMax = 4096
  /// Milliseconds from the first byte of a head to its end.
  static let headTimeout: UInt64 = 10_000
  /// Milliseconds in which bytes of a body must come, or be taken.
  static let stallTimeout: UInt64 = 30_000
  /// Milliseconds for which a silent connection is kept.
  static let idleTimeout: UInt64 = 120_000
  /// Milliseconds that requests in flight have after TERM or INT.
  static let graceTimeout: UInt64 = 5_000
  /// Pause of accepting after descriptors ran out, in milliseconds.
  static let acceptPause: UInt64 = 50

  // The demo paths.
  static let delayMax = 60_000
  static let bytesMax = 1 << 30
  static let chunksMax = 100_000
  static let eventsMax = 10_000
  /// Bytes that are made and sent at a time.
  static let pieceBytes = 32 * 1024
}
