// The deadlines of one exchange.

/// How long each part of an exchange may take, in milliseconds; nil means that only the
/// connection's limits hold.
public struct Timeouts: Sendable, Equatable, BitwiseCopyable {
  /// Establishing an upstream connection, its TLS handshake included.
  public var connect: UInt64
  /// From the last byte of the request to the first byte of the response.
  public var response: UInt64
  /// From the first byte of the request's head to the last byte of the response.
  public var total: UInt64?
  /// Without any progress of a body in either direction.
  public var idle: UInt64
  /// One try of a route that retries, up to the head of its answer; nil for no limit of its own.
  public var attempt: UInt64?
  /// Whether the upstream is told how much is left of `total`.
  public var isPassedOn = false

  public init(connect: UInt64, response: UInt64, total: UInt64?, idle: UInt64) {
    self.connect = connect
    self.response = response
    self.total = total
    self.idle = idle
  }

  /// `timeout off`: a day, since no wait is without a deadline.
  public static let off = Timeouts(
    connect: 86_400_000, response: 86_400_000, total: nil, idle: 86_400_000)

  /// docs/hardening.md's defaults for a route that says nothing.
  public static let builtIn = Timeouts(
    connect: 1_000, response: 10_000, total: 15_000, idle: 60_000)
}
