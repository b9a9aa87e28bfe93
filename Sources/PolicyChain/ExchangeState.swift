// What an exchange knows in plain values: times, limits, offsets and counts.

import Bytes
import Engine
import HTTPMessage

/// The plain values of one exchange, which are all forgotten together.
public struct ExchangeState: BitwiseCopyable, Sendable {
  /// How the exchange ended, for log and metrics.
  public struct Outcome: BitwiseCopyable, Sendable {
    public var requestBodyBytes: UInt64 = 0
    public var responseBodyBytes: UInt64 = 0
    /// Whether the whole response reached the kernel's send buffer.
    public var isComplete = false
    /// What log and metrics tell in place of the response's status; zero where that is the whole
    /// truth.
    public var status: UInt16 = 0
    /// Who ended an upgraded connection; nil when neither side did.
    public var closedBy: TunnelSide?
  }

  /// What happened upstream, for log and metrics.
  public struct UpstreamOutcome: BitwiseCopyable, Sendable {
    public var attempts = 0
    /// Servers of the upstream that were tried, by their bits.
    public var tried: UInt64 = 0
    /// The hash of what the request is balanced by; nil when it has no such key.
    public var key: UInt64?
    public var status: UInt16 = 0
    public var isReused = false
    /// Whether the route's fallback has answered.
    public var isFallback = false
    /// The breaker's round of probes that the present try belongs to; zero when it is no probe.
    public var probe: UInt64 = 0
    /// When the present try must have brought an answer.
    public var tryDeadline = Instant.never
    /// When the request was handed to the kernel.
    public var sentAt: Instant?
    /// When the response's first byte was seen.
    public var firstByteAt: Instant?
  }

  /// Bytes that the request's body may have; the body's source refuses more with `bodyTooLarge`.
  public var requestBodyMax = UInt64.max

  public var timeouts = Timeouts.builtIn
  /// When the first byte of the head was seen.
  public var startedAt = Instant(nanoseconds: 0)
  /// Wall-clock time at the start, in milliseconds since 1970.
  public var wallMilliseconds: UInt64 = 0
  /// Nanoseconds spent waiting for clients and upstreams; the rest of the duration is our own
  /// overhead.
  public var waitedNanoseconds: UInt64 = 0

  /// The client's address: the peer's, or what a trusted proxy says.
  public var clientAddress: IPAddress?
  /// Its text, where it is not the peer's: kept with the request's fields.
  public var clientText = TextRange.empty
  /// Whether the peer may be believed about addresses and ids.
  public var isPeerTrusted = false
  /// Text of the request's fields; empty until the policy has run.
  public var requestID = TextRange.empty
  public var traceID = TextRange.empty
  public var spanID = TextRange.empty

  /// What the client asked for, which the log tells also after a rewrite.
  public var askedPath = TextRange.empty
  public var askedQuery: TextRange?
  /// Whether an `auth` rule has proved somebody, or decided against the request.
  public var wasJudged = false
  /// What the path pattern of the route captured.
  public var parameters = RouteParameters()

  /// The limit with the least left, for clients that know only the older fields.
  public struct TightestLimit: BitwiseCopyable, Sendable {
    /// Zero: there is none to be told.
    public var tokensMax: UInt64
    public var remaining: UInt64
    public var seconds: UInt64

    public init(tokensMax: UInt64, remaining: UInt64, seconds: UInt64) {
      self.tokensMax = tokensMax
      self.remaining = remaining
      self.seconds = seconds
    }
  }

  public var tightestLimit = TightestLimit(tokensMax: 0, remaining: 0, seconds: 0)
  /// What limits tell the client, as text of the request's fields: the value of RateLimit, and the
  /// names of the policies that refused, as members of a JSON list.
  public var rateLimit = TextRange.empty
  public var violatedPolicies = TextRange.empty
  /// The bucket that refused, or would have, for the log.
  public var limitName = TextRange.empty
  /// Whole seconds after which a refused request may come again; zero when nobody can say.
  public var retryAfter: UInt64 = 0
  /// A policy that only watches would have refused.
  public var wouldDeny = false

  public var outcome = Outcome()
  public var upstream = UpstreamOutcome()
  /// A preflight that was matched by the method it asks for, and that its chain answers.
  public var isPreflight = false
  /// Fields of the response did not fit: it is not sent as it is.
  public var isResponseOverfull = false

  public init() {}
}
