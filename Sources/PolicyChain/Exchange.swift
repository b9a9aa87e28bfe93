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

  /// Whether the request has a body.
  public var hasRequestBody: Bool { ownRequestBody != nil }
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
  public var allowedMethods: [UInt8] {
    get { ownAllowedMethods }
    set { ownAllowedMethods = newValue }
  }
  /// Fields that egress policies add as they are.
  public var rendered: [FieldBlock] { blocks { $0 } }
  /// Whether there is a failure.
  public var hasFailed: Bool { ownFailure != nil }
  /// Whether the client left before it had its answer.
  public var isClientGone: Bool {
    guard hasFailed, let failure = ownFailure else { return false }
    return failure.reason == .clientGone
  }
  /// Why it did not end well; nil when it did.
  public var failure: Failure? {
    get { ownFailure }
    set { ownFailure = newValue }
  }
  /// The caller, as the first identity of the route's rule has proved it; nil when nobody has.
  public var principal: Principal? { ownPrincipal }
  /// Callers that further identities of the rule have proved.
  public private(set) var furtherPrincipals: [Principal] = []
  /// What a rule decided against the request.
  public var denial: Denial? { ownDenial }
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
  @usableFromInline let state = Cell(Exchange.blank)
  /// What an exchange starts with: copying it is cheaper than making it.
  private static let blank = ExchangeState()
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
  private var ownAllowedMethods: [UInt8] = []
  private let blocks = Lent<[FieldBlock]>([])
  private let held = Lent<[any ExchangeResource]>([])

  public init(request: Request, response: ResponseHead, services: Services, waiter: Waiter) {
    self.request = request
    self.response = response
    self.services = services
    self.waiter = waiter
    blocks { $0.reserveCapacity(4) }
    held { $0.reserveCapacity(2) }
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
    self.wasJudged = true
    if ownPrincipal == nil {
      ownPrincipal = principal
    } else {
      furtherPrincipals.append(principal)
    }
  }

  /// Notes that a rule decided against the request.
  public func deny(_ denial: Denial) {
    self.wasJudged = true
    ownDenial = denial
  }

  private func forgetJudgement() {
    forgetPrincipals()
    ownDenial = nil
    challenges = []
  }

  /// Forgets who was proved: the rule is gone through again.
  public func forgetPrincipals() {
    ownPrincipal = nil
    furtherPrincipals.removeAll(keepingCapacity: true)
  }

  /// Adds pre-rendered fields to the response.
  public func render(_ block: FieldBlock) { blocks { $0.append(block) } }

  /// Forgets pre-rendered fields: the egress stage runs again on another response.
  func clearRendered() {
    blocks { if !$0.isEmpty { $0.removeAll(keepingCapacity: true) } }
  }

  /// Keeps `resource` until the exchange is finished.
  public func hold(_ resource: any ExchangeResource) { held { $0.append(resource) } }

  /// Lets go of what was held last: the innermost destination tries again.
  public func releaseLast() { held({ $0.popLast() })?.release(after: self) }

  /// Lets go of everything that lasts as long as an exchange: called once, however it ended.
  public func finish() {
    while let resource = held({ $0.popLast() }) { resource.release(after: self) }
  }

  /// Forgets everything, so that another connection can use this exchange.
  ///
  /// The blocks that the heads stood in are returned to their owners first.
  public func reset() {
    startOver()
    ownConnection = nil
    ownPeer = nil
  }

  /// Forgets everything but the connection and its peer, so that its next request can use this
  /// exchange.
  public func startOver() {
    precondition(held { $0.isEmpty }, "An exchange is finished before it is reused.")
    request.reset()
    response.reset()
    if self.wasJudged { forgetJudgement() }
    state.value = Self.blank
    ownRequestBody = nil
    ownRoute = nil
    ownFailure = nil
    ownServer = nil
    ownResponseBody = .none
    if ownUpgrade != nil { ownUpgrade = nil }
    if !ownAllowedMethods.isEmpty { ownAllowedMethods = [] }
    clearRendered()
  }
}

/// Something that is held for the length of an exchange: a bulkhead's place, a lease, an in-flight
/// count.
public protocol ExchangeResource: AnyObject {
  func release(after exchange: Exchange)
}
