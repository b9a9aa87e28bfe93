// One request and its response, from the first byte of the head to the log line. Everything that
// lasts as long as the exchange hangs here and is let go in its one `finish`. It is reused: in
// steady state no exchange is allocated.

import Bytes
import Engine
import HTTPMessage

/// A request on its way through the chain, and the response that comes back.
package final class Exchange {
  /// How the exchange ended, for log and metrics.
  package struct Outcome {
    package var failure: Failure?
    package var requestBodyBytes: UInt64 = 0
    package var responseBodyBytes: UInt64 = 0
    /// Whether the whole response reached the kernel's send buffer.
    package var isComplete = false
  }

  /// What happened upstream, for log and metrics.
  package struct UpstreamOutcome {
    package var label: ServerLabel?
    package var attempts = 0
    package var status: UInt16 = 0
    package var isReused = false
    /// When the request was handed to the kernel.
    package var sentAt: Instant?
    /// When the response's first byte was seen.
    package var firstByteAt: Instant?
  }

  package let request: Request
  package let response: ResponseHead
  package let services: Services
  /// Parks the task that serves this exchange.
  package let waiter: Waiter
  /// The connection that the request came on; set before the chain runs.
  package var connection: DownstreamConnection?
  /// The client's side; set as long as the exchange runs.
  package var peer: (any DownstreamPeer)?

  /// The request's body; nil when it has none.
  package var requestBody: (any BodySource)?
  package var responseBody = ResponseBody.none
  /// Bytes that the request's body may have; the body's source refuses more with `bodyTooLarge`.
  package var requestBodyMax = UInt64.max

  package var timeouts = Timeouts.builtIn
  /// When the first byte of the head was seen.
  package var startedAt = Instant(nanoseconds: 0)
  /// Wall-clock time at the start, in milliseconds since 1970.
  package var wallMilliseconds: UInt64 = 0
  /// Nanoseconds spent waiting for clients and upstreams; the rest of the duration is our own
  /// overhead.
  package var waitedNanoseconds: UInt64 = 0

  /// The client's address: the peer's, or what a trusted proxy says.
  package var clientAddress: IPAddress?
  /// Its text, where it is not the peer's: kept with the request's fields.
  package var clientText = TextRange.empty
  /// Whether the peer may be believed about addresses and ids.
  package var isPeerTrusted = false
  /// Text of the request's fields; empty until the policy has run.
  package var requestID = TextRange.empty
  package var traceID = TextRange.empty
  package var spanID = TextRange.empty

  /// What the client asked for, which the log tells also after a rewrite.
  package var askedPath = TextRange.empty
  package var askedQuery: TextRange?
  /// The route that took the request; nil when none did.
  package var route: RouteLabel?
  /// What a 405 answer says in Allow.
  package var allowedMethods: [UInt8] = []
  /// What the path pattern of the route captured.
  package var parameters = RouteParameters()

  package var outcome = Outcome()
  package var upstream = UpstreamOutcome()
  /// Fields that egress policies add as they are.
  package private(set) var rendered: [FieldBlock] = []
  /// Fields of the response did not fit: it is not sent as it is.
  package var isResponseOverfull = false
  private var held: [any ExchangeResource] = []

  package init(request: Request, response: ResponseHead, services: Services, waiter: Waiter) {
    self.request = request
    self.response = response
    self.services = services
    self.waiter = waiter
    rendered.reserveCapacity(4)
  }

  /// When the whole exchange must be over.
  package var totalDeadline: Instant {
    guard let total = timeouts.total else { return .never }
    return startedAt.advanced(milliseconds: total)
  }

  /// Adds pre-rendered fields to the response.
  package func render(_ block: FieldBlock) { rendered.append(block) }

  /// Forgets pre-rendered fields: the egress stage runs again on another response.
  func clearRendered() { rendered.removeAll(keepingCapacity: true) }

  /// Keeps `resource` until the exchange is finished.
  package func hold(_ resource: any ExchangeResource) { held.append(resource) }

  /// Lets go of everything that lasts as long as an exchange: called once, however it ended.
  package func finish() {
    for resource in held { resource.release(after: self) }
    held.removeAll(keepingCapacity: true)
  }

  /// Forgets everything, so that the next request can use this exchange.
  ///
  /// The blocks that the heads stood in are returned to their owners first.
  package func reset() {
    precondition(held.isEmpty, "An exchange is finished before it is reused.")
    request.reset()
    response.reset()
    connection = nil
    peer = nil
    requestBody = nil
    responseBody = .none
    requestBodyMax = .max
    timeouts = .builtIn
    waitedNanoseconds = 0
    clientAddress = nil
    clientText = .empty
    isPeerTrusted = false
    requestID = .empty
    traceID = .empty
    spanID = .empty
    askedPath = .empty
    askedQuery = nil
    route = nil
    allowedMethods = []
    parameters = RouteParameters()
    outcome = Outcome()
    upstream = UpstreamOutcome()
    rendered.removeAll(keepingCapacity: true)
    isResponseOverfull = false
  }
}

/// Something that is held for the length of an exchange: a bulkhead's place, a lease, an in-flight
/// count.
package protocol ExchangeResource: AnyObject {
  func release(after exchange: Exchange)
}
