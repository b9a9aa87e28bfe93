// How many requests may be behind this point at one moment. Others wait in line for a while, or are
// refused: a slow upstream then fills its bulkhead and not the gateway.

import Configuration
import Engine
import PolicyChain

/// The `bulkhead` policy. A place is the exchange's until it is over, whatever protocol it became.
package final class Bulkhead: Deliberation, ExchangeResource {
  package struct Settings: Sendable {
    package var concurrent: Int?
    package var queue = 0
    package var wait = TimeSpan.milliseconds(100)
    package var key: [KeyPart] = []
  }

  package static let manual = Manual(
    directive: "bulkhead",
    summary:
      "At most 'concurrent' requests at a time, counted where it is written; 503 when it is full.",
    inheritance: .record(.off),
    defaults: Settings(),
    properties: [
      .value("concurrent", \.concurrent, .places, "Requests that are served at one moment."),
      .integer("queue", \.queue, in: 0...10_000, "Requests that may wait for a place."),
      .duration(
        "wait", \.wait, in: .milliseconds(1) ... .minutes(1), "How long one waits for a place."),
      .list(
        "key", \.key, of: .keyPart,
        "What tells callers apart in the queue: they are served in turn, and who has the most "
          + "waiting makes room."),
    ],
    later: ["min", "max"],
    examples: [
      Example(
        "two hundred at a time, and a short line",
        config: "bulkhead concurrent=200 queue=50 wait=100ms",
        .send("GET /", expect: .forwarded)),
      Example(
        "no tenant fills the line alone",
        config: "bulkhead concurrent=20 queue=100 wait=1s key=[header.x-tenant]",
        .send("GET /", fields: ["X-Tenant: a"], expect: .forwarded)),
    ],
    check: { settings in
      settings.concurrent == nil
        ? [SettingsProblem("concurrent", "'bulkhead' lacks 'concurrent='")] : []
    })

  package static let registration = Registration(.upstream, placed: manual) {
    settings, place, context in
    PolicyParts(deliberation: Bulkhead(settings, at: place, context))
  }

  private let shared: SharedBulkhead
  private let key: RequestKeyHash
  private let hasKey: Bool
  private let wait: UInt64

  package init(_ settings: Settings, at place: String, _ context: ChainContext) {
    guard let concurrent = settings.concurrent else {
      preconditionFailure("A bulkhead has its number, which the config is checked for.")
    }
    shared = context.bulkheads.bulkhead(
      at: place, placesMax: concurrent, queueMax: settings.queue)
    key = RequestKeyHash(
      of: settings.key, orElse: [], seed: context.bulkheads.seed,
      parameterNames: context.parameterNames)
    hasKey = !settings.key.isEmpty
    wait = UInt64(settings.wait.milliseconds)
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    guard shared.tryEnter() else { return .pending }
    exchange.hold(self)
    return .pass
  }

  /// There was no place: joins the line.
  package func decide(_ exchange: Exchange) async throws(Failure) -> Verdict {
    let ticket = BulkheadTicket(
      key: hasKey ? key.hash(of: exchange) : 0, signal: exchange.waiter.remote)
    switch shared.enter(ticket) {
    case .entered:
      exchange.hold(self)
      return .pass
    case .full: throw refusal(.bulkheadFull, exchange)
    case .queued: break
    }
    let deadline = min(
      exchange.waiter.now.advanced(milliseconds: wait), exchange.totalDeadline)
    while ticket.state == .waiting {
      if exchange.peer?.isGone == true {
        try abandon(ticket, exchange, or: Failure(.clientGone, origin: .downstream, retry: .never))
        break
      }
      switch await park(exchange, until: deadline) {
      case .signalled: continue
      case .timedOut: try abandon(ticket, exchange, or: refusal(.queueTimeout, exchange))
      case .cancelled:
        try abandon(ticket, exchange, or: Failure(.draining, origin: .gateway, retry: .never))
      }
      break
    }
    guard ticket.state == .granted else { throw refusal(.bulkheadFull, exchange) }
    shared.admitted()
    exchange.hold(self)
    return .pass
  }

  /// Waiting for others is not our own overhead.
  private func park(_ exchange: Exchange, until deadline: Instant) async -> Waiter.Wake {
    let before = Instant.now()
    let wake = await exchange.waiter.wait(until: deadline)
    exchange.waitedNanoseconds &+= exchange.waiter.now.since(before)
    return wake
  }

  /// Leaves the line and fails, unless a place was granted at this very moment: that one is used.
  private func abandon(
    _ ticket: BulkheadTicket, _ exchange: Exchange, or failure: Failure
  ) throws(Failure) {
    if shared.abandon(ticket, timedOut: failure.reason == .queueTimeout) { throw failure }
    exchange.retryAfter = 0
  }

  private func refusal(_ reason: Reason, _ exchange: Exchange) -> Failure {
    exchange.retryAfter = 1
    return Failure(reason, origin: .gateway, retry: .safe)
  }

  package func release(after exchange: Exchange) { shared.leave() }
}

extension ValueType where Wrapped == Int? {
  /// A number of places; the language also has a number that finds itself.
  fileprivate static var places: ValueType {
    let number = ValueType<Int>.integer(in: 1...1_000_000)
    return ValueType<Int>(
      number.shape.noun, words: [], schema: number.shape.schema, canonical: { .number($0) },
      parse: { (text) throws(ValueProblem) in
        if text == "adaptive" { throw .notInThisVersion }
        return try number.parsed(text)
      }
    ).optional
  }
}
