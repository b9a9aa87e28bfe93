// What is left of an exchange's time, on its way to the upstream: in `grpc-timeout` for gRPC calls,
// and in X-Request-Deadline, in whole milliseconds, where the route says so. Both tell a span and
// not a time of day, so that no two clocks have to agree.

import Bytes
import Engine
import HTTPMessage

extension Exchange {
  /// In lower case, as names of fields are looked up.
  private static let deadlineField: StaticString = "x-request-deadline"
  /// Digits that a deadline may have: a day in milliseconds has eight.
  private static let deadlineDigitsMax = 12

  /// Holds the exchange to the deadline that its client names in X-Request-Deadline, when that is
  /// the earlier one. A client may hang up whenever it likes, so anybody may name one.
  public func adoptRequestDeadline() throws(Failure) {
    let fields = request.fields
    guard let index = fields.first(named: Self.deadlineField.bytes) else { return }
    guard fields.first(named: Self.deadlineField.bytes, from: index + 1) == nil,
      let asked = Self.milliseconds(fields.value(at: index))
    else { throw .refused(.badRequestDeadline) }
    self.timeouts.total = min(self.timeouts.total ?? .max, asked)
  }

  private static func milliseconds(_ text: Span<UInt8>) -> UInt64? {
    guard (1...deadlineDigitsMax).contains(text.count) else { return nil }
    var count: UInt64 = 0
    for index in text.indices {
      guard ASCII.isDigit(text[index]) else { return nil }
      count = count * 10 + UInt64(text[index] - UInt8(ascii: "0"))
    }
    return count
  }

  /// Tells the upstream what is left of the deadline, whoever set it. A try that has no time left
  /// is not made.
  @inline(__always)
  public func passDeadline() throws(Failure) {
    if self.timeouts.isPassedOn || request.fields.present.contains(.grpcTimeout) {
      try tellDeadline()
    }
  }

  private func tellDeadline() throws(Failure) {
    let isAsked = self.timeouts.isPassedOn && self.timeouts.total != nil
    let isGRPC = isGRPC
    guard isAsked || (isGRPC && request.fields.present.contains(.grpcTimeout)) else { return }
    let now = waiter.now
    guard totalDeadline > now else {
      throw Failure(.totalTimeout, origin: .gateway, retry: .never)
    }
    let left = totalDeadline.since(now) / 1_000_000
    let isTold = isGRPC ? tellGRPCTimeout(left) : tellRequestDeadline(left)
    guard isTold else {
      throw Failure(
        .internalError, origin: .gateway, retry: .never, detail: "no room for a deadline")
    }
  }

  private func tellGRPCTimeout(_ milliseconds: UInt64) -> Bool {
    var text = Output(capacity: 16)
    GRPCTimeout.append(milliseconds: milliseconds, to: &text)
    request.fields.remove(.grpcTimeout)
    return request.fields.add(
      .grpcTimeout, name: "grpc-timeout".utf8Span.span, value: text.bytes)
  }

  private func tellRequestDeadline(_ milliseconds: UInt64) -> Bool {
    var text = Output(capacity: 24)
    text.append(decimal: milliseconds)
    request.fields.removeAll(named: Self.deadlineField.bytes)
    return request.fields.add(.other, name: Self.deadlineField.bytes, value: text.bytes)
  }
}
