// What is different for gRPC: its clients look at `grpc-status` and never at the status line, and
// say how long they wait. https://github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md.

import Bytes
import HTTPMessage

extension Exchange {
  /// Whether the request is a gRPC call. gRPC-Web is not: its clients read HTTP statuses.
  public var isGRPC: Bool {
    let fields = request.fields
    guard let index = fields.first(.contentType) else { return false }
    let value = fields.value(at: index)
    let name: StaticString = "application/grpc"
    guard value.count >= name.utf8CodeUnitCount,
      value.extracting(0..<name.utf8CodeUnitCount).equalsIgnoringCase(name)
    else { return false }
    if value.count == name.utf8CodeUnitCount { return true }
    let next = value[name.utf8CodeUnitCount]
    return next == UInt8(ascii: "+") || next == UInt8(ascii: ";")
  }

  /// Holds the exchange to the deadline of a gRPC client, when that is the earlier one.
  public func adoptGRPCDeadline() throws(Failure) {
    guard request.fields.present.contains(.grpcTimeout), isGRPC else { return }
    let fields = request.fields
    guard let index = fields.first(.grpcTimeout), fields.count(of: .grpcTimeout) == 1,
      let asked = GRPCTimeout.milliseconds(fields.value(at: index))
    else { throw .refused(.badGRPCTimeout) }
    self.timeouts.total = min(self.timeouts.total ?? .max, asked)
  }

  /// The status that log and metrics tell: what a client without gRPC would have got.
  public var recordedStatus: UInt16 {
    self.outcome.status != 0 ? self.outcome.status : response.status
  }

  /// Turns a failure into a trailers-only answer: status 200, and the reason in `grpc-status`. Log
  /// and metrics keep the status that another client would have got.
  func answerGRPC(_ reason: Reason) {
    answer(status: 200, contentType: "application/grpc", body: [])
    self.outcome.status = reason.status
    let ending = GRPCEnding(reason)
    add(.other, "grpc-status", ending.status)
    add(.other, name: "grpc-message".utf8Span.span, value: ending.message.span)
  }
}

/// How a call ends that Sluice ends: what its trailers say.
public struct GRPCEnding {
  /// The value of `grpc-status`.
  public let status: StaticString
  /// The value of `grpc-message`: the title and the stable token, percent-encoded as the protocol
  /// asks.
  public let message: [UInt8]

  public init(_ reason: Reason) {
    status = GRPCStatus(http: reason.status).digits
    var text: [UInt8] = []
    let hex = Array("0123456789ABCDEF".utf8)
    for byte in "\(reason.title) (\(reason.token))".utf8 {
      if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
        text.append(byte)
      } else {
        text += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      }
    }
    message = text
  }
}

/// Status codes of gRPC that Sluice answers with, and what they stand for.
enum GRPCStatus {
  case cancelled, unknown, deadlineExceeded, permissionDenied, resourceExhausted, unimplemented
  case `internal`, unavailable, unauthenticated

  /// As gRPC's own clients map HTTP statuses (doc/http-grpc-status-mapping.md), but for 429, which
  /// has a code of its own, 504, which is a deadline here, and 499.
  init(http status: UInt16) {
    self =
      switch status {
      case 400: .internal
      case 401: .unauthenticated
      case 403: .permissionDenied
      case 404: .unimplemented
      case 429: .resourceExhausted
      case 499: .cancelled
      case 502, 503: .unavailable
      case 504: .deadlineExceeded
      default: .unknown
      }
  }

  var digits: StaticString {
    switch self {
    case .cancelled: "1"
    case .unknown: "2"
    case .deadlineExceeded: "4"
    case .permissionDenied: "7"
    case .resourceExhausted: "8"
    case .unimplemented: "12"
    case .internal: "13"
    case .unavailable: "14"
    case .unauthenticated: "16"
    }
  }
}
