// A failure is a value: what happened, on whose side, and whether trying again is safe.

/// Why an exchange ended without the answer it was meant to have.
public struct Failure: Error, Sendable {
  public enum Origin: Sendable {
    case downstream, gateway, upstream

    public var name: StaticString {
      switch self {
      case .downstream: "downstream"
      case .gateway: "gateway"
      case .upstream: "upstream"
      }
    }
  }

  /// Whether the request may be sent again.
  public enum Retry: Sendable {
    /// The upstream has not seen any of it.
    case safe
    /// The upstream may have seen it: only when its method is idempotent.
    case ifIdempotent
    case never
  }

  public let reason: Reason
  public let origin: Origin
  public let retry: Retry
  /// More for the log, never for the client: which server, which system error.
  public let detail: String?

  public init(_ reason: Reason, origin: Origin, retry: Retry, detail: String? = nil) {
    self.reason = reason
    self.origin = origin
    self.retry = retry
    self.detail = detail
  }

  /// A policy's refusal of the request.
  public static func refused(_ reason: Reason, detail: String? = nil) -> Failure {
    Failure(reason, origin: .downstream, retry: .never, detail: detail)
  }
}
