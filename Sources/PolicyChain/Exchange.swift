// One request and its response, from the first byte of the head to the log line. Everything that
// lasts as long as the exchange hangs here and is let go in its one `finish`. It is reused: in
// steady state no exchange is allocated.

import Bytes
import Engine
import HTTPMessage

/// A request on its way through the chain, and the response that comes back.
public final class Exchange {
  /// How the exchange ended, for log and metrics.
  public struct Outcome {
    public var failure: Failure?
    public var requestBodyBytes: UInt64 = 0
    public var responseBodyBytes: UInt64 = 0
    /// Whether the whole response reached the kernel's send buffer.
    public var isComplete = false
  }

  /// What happened upstream, for log and metrics.
  public struct UpstreamOutcome {
    public var label: ServerLabel?
    public var attempts = 0
    public var status: UInt16 = 0
    public var isReused = false
    /// When the request was handed to the kernel.
    public var sentAt: Instant?
    /// When the response's first byte was seen.
    public var firstByteAt: Instant?
  }

  public let request: Request
  public let response: ResponseHead
  public let services: Services
  /// Parks the task that serves this exchange.
  public let waiter: Waiter
  /// The connection that the request came on; set before the chain runs.
  public var connection: DownstreamConnection?
  /// The client's side; set as long as the exchange runs.
  public var peer: (any DownstreamPeer)?

  /// The request's body; nil when it has none.
  public var requestBody: (any BodySource)?
  public var responseBody = ResponseBody.none
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

  /// The route that took the request; nil when none did.
  public var route: RouteLabel?
  /// What a 405 answer says in Allow.
  public var allowedMethods: [UInt8] = []
  /// What the path pattern of the route captured.
  public var parameters = RouteParameters()

  public var outcome = Outcome()
  public var upstream = UpstreamOutcome()
  /// Fields that egress policies add as they are.
  public private(set) var rendered: [FieldBlock] = []
  /// Fields of the response did not fit: it is not sent as it is.
  public var isResponseOverfull = false
  private var held: [any ExchangeResource] = []

  public init(request: Request, response: ResponseHead, services: Services, waiter: Waiter) {
    self.request = request
    self.response = response
    self.services = services
    self.waiter = waiter
    rendered.reserveCapacity(4)
  }

  /// When the whole exchange must be over.
  public var totalDeadline: Instant {
    guard let total = timeouts.total else { return .never }
    return startedAt.advanced(milliseconds: total)
  }

  /// Adds pre-rendered fields to the response.
  public func render(_ block: FieldBlock) { rendered.append(block) }

  /// Forgets pre-rendered fields: the egress stage runs again on another response.
  func clearRendered() { rendered.removeAll(keepingCapacity: true) }

  /// Keeps `resource` until the exchange is finished.
  public func hold(_ resource: any ExchangeResource) { held.append(resource) }

  /// Lets go of everything that lasts as long as an exchange: called once, however it ended.
  public func finish() {
    for resource in held { resource.release(after: self) }
    held.removeAll(keepingCapacity: true)
  }

  /// Forgets everything, so that the next request can use this exchange.
  ///
  /// The blocks that the heads stood in are returned to their owners first.
  public func reset() {
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
public protocol ExchangeResource: AnyObject {
  func release(after exchange: Exchange)
}
