// A failure is a value: what happened, on whose side, and whether trying again is safe.

/// Why an exchange ended without the answer it was meant to have.
package struct Failure: Error, Sendable {
  package enum Origin: Sendable {
    case downstream, gateway, upstream

    package var name: StaticString {
      switch self {
      case .downstream: "downstream"
      case .gateway: "gateway"
      case .upstream: "upstream"
      }
    }
  }

  /// Whether the request may be sent again.
  package enum Retry: Sendable {
    /// The upstream has not seen any of it.
    case safe
    /// The upstream may have seen it: only when its method is idempotent.
    case ifIdempotent
    case never
  }

  package let reason: Reason
  package let origin: Origin
  package let retry: Retry
  /// More for the log, never for the client: which server, which system error.
  package let detail: String?

  package init(_ reason: Reason, origin: Origin, retry: Retry, detail: String? = nil) {
    self.reason = reason
    self.origin = origin
    self.retry = retry
    self.detail = detail
  }

  /// A policy's refusal of the request.
  package static func refused(_ reason: Reason, detail: String? = nil) -> Failure {
    Failure(reason, origin: .downstream, retry: .never, detail: detail)
  }
}
