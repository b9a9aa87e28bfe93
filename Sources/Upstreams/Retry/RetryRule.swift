// When a request is sent again: what a route's `retry` says.

import HTTPMessage
import PolicyChain

/// The conditions and limits of a route's retries.
package struct RetryRule: Sendable, Hashable {
  /// What may be behind a try that is worth another one.
  package enum Cause: Int, Sendable, CaseIterable {
    /// No connection: the server has seen nothing.
    case connectFailure
    /// The connection broke, or what came was no HTTP, before an answer began.
    case reset
    /// No answer in time.
    case timeout
    /// An answer with one of the statuses.
    case status

    /// As metrics name it.
    package var name: String {
      switch self {
      case .connectFailure: "connect-failure"
      case .reset: "reset"
      case .timeout: "timeout"
      case .status: "status"
      }
    }
  }

  /// Tries in all, the first one included.
  package let attempts: Int
  package let causes: Set<Cause>
  package let statuses: StatusSet
  /// Milliseconds: what the first pause may be at most, and any.
  package let backoff: ClosedRange<UInt64>
  /// Retries as a share of the requests, in millionths.
  package let budget: UInt64
  /// A bit for each method that is sent again.
  private let methods: UInt32
  /// Whether methods that are not idempotent are sent again when they have an Idempotency-Key.
  package let trustsKeys: Bool
  /// Bytes of a request's body that are kept to be sent again.
  package let replayMax: Int

  package init(
    attempts: Int, causes: Set<Cause>, statuses: StatusSet, backoff: ClosedRange<UInt64>,
    budget: UInt64, methods: [Method], trustsKeys: Bool, replayMax: Int
  ) {
    self.attempts = attempts
    self.causes = causes
    self.statuses = statuses
    self.backoff = backoff
    self.budget = budget
    self.methods = methods.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    self.trustsKeys = trustsKeys
    self.replayMax = replayMax
  }

  /// Whether the request may be sent again at all.
  func covers(_ request: Request) -> Bool {
    guard methods & 1 << UInt32(request.method.rawValue) != 0 else { return false }
    return request.method.isIdempotent
      || (trustsKeys && request.fields.first(named: "idempotency-key".utf8Span.span) != nil)
  }

  /// What was wrong with a try, when it is something to try again for. `failure` is nil when an
  /// answer's head is there.
  func cause(of failure: Failure?, _ exchange: Exchange) -> Cause? {
    guard let failure else {
      return statuses.contains(exchange.response.status) && causes.contains(.status)
        ? .status : nil
    }
    guard let cause = Self.cause(of: failure), causes.contains(cause) else { return nil }
    return cause
  }

  private static func cause(of failure: Failure) -> Cause? {
    // What is over for good, whoever is asked: the total time, the client, our own limits.
    guard failure.origin == .upstream, failure.reason != .totalTimeout else { return nil }
    if failure.reason == .responseTimeout { return .timeout }
    return failure.retry == .safe ? .connectFailure : .reset
  }
}
