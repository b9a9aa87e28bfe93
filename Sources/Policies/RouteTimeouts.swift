// Gives an exchange its deadlines. The waits themselves happen where the waiting is: in the
// upstream connection and in the bodies.

import Configuration
import PolicyChain

/// The `timeout` policy.
package final class RouteTimeouts: Admission {
  package struct Settings: Sendable {
    package var connect = TimeSpan.seconds(1)
    package var response = TimeSpan.seconds(10)
    package var total = TimeBound.span(.seconds(15))
    package var idle = TimeSpan.seconds(60)
    package var attempt: TimeSpan?
    package var isPassedOn = false
  }

  private static let range: ClosedRange<TimeSpan> = .milliseconds(1) ... .days(1)

  package static let manual = Manual(
    directive: "timeout",
    summary: "How long each part of an exchange may take; 504 when the upstream is too slow.",
    defaults: Settings(),
    properties: [
      .duration(
        "connect", \.connect, in: range,
        "Establishing an upstream connection, its TLS handshake included."),
      .duration(
        "response", \.response, in: range,
        "From the last byte of the request to the first byte of the answer."),
      .value(
        "total", \.total, .bound(in: range),
        "From the first byte of the request to the last byte of the answer; a gRPC call's own"
          + " deadline holds when it is earlier."),
      .duration(
        "try", \.attempt, in: range,
        "One try of a route with 'retry', up to the head of its answer; not said: no limit."),
      .flag(
        "pass-on", \.isPassedOn,
        "Whether the upstream is told what is left of 'total=': in X-Request-Deadline, in "
          + "milliseconds, or in a gRPC call's grpc-timeout. A client's own X-Request-Deadline "
          + "holds then when it is earlier."),
      .duration(
        "idle", \.idle, in: range, "Without any progress of a body, in either direction."),
    ],
    examples: [
      Example(
        "a slow report has a minute", config: "timeout response=60s total=90s",
        .send("GET /report", expect: .forwarded)),
      Example(
        "a stream of events lasts as long as something comes at least every two minutes",
        config: "timeout total=off idle=2m",
        .send("GET /events", fields: ["Accept: text/event-stream"], expect: .forwarded)),
      Example(
        "a gRPC call tells the upstream what is left of its deadline, and its refusals are gRPC's",
        config: "timeout total=30s",
        .send(
          "POST /orders.Orders/Get",
          fields: ["Content-Type: application/grpc", "grpc-timeout: 5S"],
          expect: .forwarded),
        .send(
          "POST /orders.Orders/Get",
          fields: ["Content-Type: application/grpc", "grpc-timeout: soon"],
          expect: .answered(200, fields: ["grpc-status: 13"]))),
      Example(
        "services behind the edge give up when the edge does", config: "timeout pass-on=on",
        .send("GET /", fields: ["X-Request-Deadline: 2500"], expect: .forwarded),
        .send(
          "GET /", fields: ["X-Request-Deadline: 2026-11-25T00:00:00Z"],
          expect: .refused(400, reason: "bad_request_deadline"))),
    ])

  package static let registration = Registration(
    .beforeIdentity, manual, off: { PolicyParts(admission: RouteTimeouts(Timeouts.off)) }
  ) { settings, _ in
    PolicyParts(admission: RouteTimeouts(settings))
  }

  private let timeouts: Timeouts

  private init(_ timeouts: Timeouts) { self.timeouts = timeouts }

  package init(_ settings: Settings) {
    func milliseconds(_ span: TimeSpan) -> UInt64 { UInt64(span.milliseconds) }
    let total: UInt64? =
      switch settings.total {
      case .off: nil
      case .span(let span): milliseconds(span)
      }
    var timeouts = Timeouts(
      connect: milliseconds(settings.connect), response: milliseconds(settings.response),
      total: total, idle: milliseconds(settings.idle))
    timeouts.attempt = settings.attempt.map(milliseconds)
    timeouts.isPassedOn = settings.isPassedOn
    self.timeouts = timeouts
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    exchange.timeouts = timeouts
    try exchange.adoptGRPCDeadline()
    if timeouts.isPassedOn { try exchange.adoptRequestDeadline() }
    return .pass
  }
}
