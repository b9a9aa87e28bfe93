// One request and its response, from the first byte of the head to the log line. Everything that
// lasts as long as the exchange hangs here and is let go in its one `finish`. It is reused: in
// steady state no exchange is allocated.

import Bytes
import Engine
import HTTPMessage

/// A request on its way through the chain, and the response that comes back. The members of
/// `ExchangeState` are members of it.
@dynamicMemberLookup
public final class Exchange {
  public let request: Request
  public let response: ResponseHead
  public let services: Services
  /// Parks the task that serves this exchange.
  public let waiter: Waiter
  /// The connection that the request came on; set before the chain runs.
  public var connection: DownstreamConnection? {
    get { ownConnection }
    set { ownConnection = newValue }
  }
  /// The client's side; set as long as the exchange runs.
  public var peer: (any DownstreamPeer)? {
    get { ownPeer }
    set { ownPeer = newValue }
  }

  /// The request's body; nil when it has none.
  public var requestBody: (any BodySource)? {
    get { ownRequestBody }
    set { ownRequestBody = newValue }
  }
  public var responseBody: ResponseBody {
    get { ownResponseBody }
    set { ownResponseBody = newValue }
  }
  /// The route that took the request; nil when none did.
  public var route: RouteLabel? {
    get { ownRoute }
    set { ownRoute = newValue }
  }
  /// What a 405 answer says in Allow.
  public var allowedMethods: [UInt8] = []
  /// Fields that egress policies add as they are.
  public private(set) var rendered: [FieldBlock] = []
  /// Why it did not end well; nil when it did.
  public var failure: Failure? {
    get { ownFailure }
    set { ownFailure = newValue }
  }
  /// The caller, as the first identity of the route's rule has proved it; nil when nobody has.
  public var principal: Principal? {
    get { ownPrincipal }
    set { ownPrincipal = newValue }
  }
  /// Callers that further identities of the rule have proved.
  public private(set) var furtherPrincipals: [Principal] = []
  /// What a rule decided against the request.
  public var denial: Denial? {
    get { ownDenial }
    set { ownDenial = newValue }
  }
  /// What a 401 or 403 says in WWW-Authenticate, one line each.
  public var challenges: [[UInt8]] = []
  /// What holds once the connection speaks another protocol; nil when it stays with HTTP.
  public var upgrade: UpgradeTerms? {
    get { ownUpgrade }
    set { ownUpgrade = newValue }
  }
  /// The server that answered, or was the last to be tried.
  public var server: ServerLabel? {
    get { ownServer }
    set { ownServer = newValue }
  }
  @usableFromInline let state = Cell(ExchangeState())
  // Stored apart from what is seen of them: the compiler proves for private storage that no access
  // overlaps another one, and leaves the run-time check out.
  private var ownConnection: DownstreamConnection?
  private var ownPeer: (any DownstreamPeer)?
  private var ownRequestBody: (any BodySource)?
  private var ownResponseBody = ResponseBody.none
  private var ownRoute: RouteLabel?
  private var ownFailure: Failure?
  private var ownServer: ServerLabel?
  private var ownPrincipal: Principal?
  private var ownDenial: Denial?
  private var ownUpgrade: UpgradeTerms?
  private var held: [any ExchangeResource] = []

  public init(request: Request, response: ResponseHead, services: Services, waiter: Waiter) {
    self.request = request
    self.response = response
    self.services = services
    self.waiter = waiter
    rendered.reserveCapacity(4)
  }

  @inlinable
  public subscript<Member>(dynamicMember path: WritableKeyPath<ExchangeState, Member>) -> Member {
    @inline(__always) get { state[path] }
    @inline(__always) set { state[path] = newValue }
  }

  /// When the whole exchange must be over.
  public var totalDeadline: Instant {
    guard let total = self.timeouts.total else { return .never }
    return self.startedAt.advanced(milliseconds: total)
  }

  /// Notes one more caller that was proved; the first one is `principal`.
  public func prove(_ principal: Principal) {
    if ownPrincipal == nil {
      ownPrincipal = principal
    } else {
      furtherPrincipals.append(principal)
    }
  }

  /// Forgets who was proved: the rule is gone through again.
  public func forgetPrincipals() {
    ownPrincipal = nil
    furtherPrincipals.removeAll(keepingCapacity: true)
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
    state.value = ExchangeState()
    ownConnection = nil
    ownPeer = nil
    ownRequestBody = nil
    ownRoute = nil
    ownFailure = nil
    ownServer = nil
    if ownPrincipal != nil { ownPrincipal = nil }
    if ownDenial != nil { ownDenial = nil }
    if !furtherPrincipals.isEmpty { furtherPrincipals.removeAll(keepingCapacity: true) }
    if !challenges.isEmpty { challenges = [] }
    ownResponseBody = .none
    if ownUpgrade != nil { ownUpgrade = nil }
    if !allowedMethods.isEmpty { allowedMethods = [] }
    if !rendered.isEmpty { rendered.removeAll(keepingCapacity: true) }
  }
}

/// Something that is held for the length of an exchange: a bulkhead's place, a lease, an in-flight
/// count.
public protocol ExchangeResource: AnyObject {
  func release(after exchange: Exchange)
}
