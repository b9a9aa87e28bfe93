// Request methods. RFC 9110 section 9, RFC 5789 (PATCH), RFC 10008 (QUERY).

import Bytes

/// A request method: one of those that have a name here, or `other` with its token kept in the
/// request's text.
public enum Method: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case get, head, post, put, delete, connect, options, trace, patch, query, other

  /// Safe methods ask for no change (RFC 9110 section 9.2.1).
  public var isSafe: Bool {
    switch self {
    case .get, .head, .options, .trace, .query: true
    case .post, .put, .delete, .connect, .patch, .other: false
    }
  }

  /// Idempotent methods may be sent again when the connection broke before an answer (section
  /// 9.2.2).
  public var isIdempotent: Bool { isSafe || self == .put || self == .delete }

  /// The token as sent; empty for `other`.
  public var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .connect: "CONNECT"
    case .options: "OPTIONS"
    case .trace: "TRACE"
    case .patch: "PATCH"
    case .query: "QUERY"
    case .other: ""
    }
  }

  /// The method that `token` names, case included, or `other`.
  public init(token: Span<UInt8>) {
    let candidates: (Method, Method, Method) =
      switch token.count {
      case 3: (.get, .put, .put)
      case 4: (.post, .head, .head)
      case 5: (.patch, .query, .trace)
      case 6: (.delete, .delete, .delete)
      case 7: (.options, .connect, .connect)
      default: (.other, .other, .other)
      }
    if token.equals(candidates.0.name) {
      self = candidates.0
    } else if token.equals(candidates.1.name) {
      self = candidates.1
    } else {
      self = token.equals(candidates.2.name) ? candidates.2 : .other
    }
  }
}
