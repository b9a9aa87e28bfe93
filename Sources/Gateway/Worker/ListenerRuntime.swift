// A listener of one generation on one worker: its route table, and the chains of its routes and
// scopes.

import Bytes
import HTTPMessage
import PolicyChain
import Routing
import TLS

/// What a listener does with requests.
final class ListenerRuntime {
  struct Route {
    let label: RouteLabel
    let chain: PolicyChain
  }

  /// The chains of a scope for requests that no route takes.
  struct ScopeChains {
    let notFound: PolicyChain
    let methodNotAllowed: PolicyChain
  }

  /// The chains of requests that are about the gateway and not about a resource.
  struct OwnChains {
    /// For TRACE: an echo would show a client what policies add for upstreams only.
    let trace: PolicyChain
    /// For `OPTIONS *`, which asks whether the server is there: RFC 9110 section 9.3.7.
    let options: PolicyChain
    /// For hosts whose certificate the client was not shown.
    let misdirected: PolicyChain
  }

  let id: ListenerID
  let nameBytes: [UInt8]
  let limits: ConnectionLimits
  /// Nil: clear text.
  let security: TLSServerContext?
  private let table: RouteTable
  /// By the table's route indices.
  private let routes: [Route]
  /// By the table's scope indices: for answers without a route.
  private let scopes: [ScopeChains]
  private let outermost: ScopeChains
  private let own: OwnChains
  /// Whether any chain does, so that other listeners look every request up once.
  private let answersPreflights: Bool

  init(
    id: ListenerID, name: String, limits: ConnectionLimits, security: TLSServerContext?,
    table: RouteTable, routes: [Route], scopes: [ScopeChains], outermost: ScopeChains,
    own: OwnChains
  ) {
    self.id = id
    nameBytes = Array(name.utf8)
    self.limits = limits
    self.security = security
    self.table = table
    self.routes = routes
    self.scopes = scopes
    self.outermost = outermost
    self.own = own
    answersPreflights =
      routes.contains { $0.chain.answersPreflights }
      || (scopes + [outermost]).contains { $0.notFound.answersPreflights }
  }

  /// The chain of requests that could not be read: only its egress stage runs.
  var refusalChain: PolicyChain { outermost.notFound }

  /// The chain that serves the exchange: its route's, or that of the innermost scope around it.
  func chain(for exchange: Exchange) -> PolicyChain {
    let request = exchange.request
    if isMisdirected(exchange) { return own.misdirected }
    if request.method == .trace { return own.trace }
    if request.method == .options, request.path.count == 1,
      request.text(request.path)[0] == UInt8(ascii: "*")
    {
      return own.options
    }
    if answersPreflights, request.isPreflight {
      let decision = table.lookup(request, by: .askedByPreflight)
      let chain = chain(for: decision)
      if chain.answersPreflights {
        exchange.isPreflight = true
        enter(decision, exchange)
        return chain
      }
      // What no chain answers is an OPTIONS request like any other: matched by the method of a
      // preflight it would reach an upstream with a method that its route does not serve.
    }
    let decision = table.lookup(request, by: .own)
    enter(decision, exchange)
    return chain(for: decision)
  }

  private func chain(for decision: RouteDecision) -> PolicyChain {
    switch decision {
    case .route(let index, _): routes[index].chain
    case .notFound(let scope): chains(of: scope).notFound
    case .methodNotAllowed(_, let scope): chains(of: scope).methodNotAllowed
    }
  }

  /// Notes on the exchange what the decision says about it.
  private func enter(_ decision: RouteDecision, _ exchange: Exchange) {
    switch decision {
    case .route(let index, let parameters):
      exchange.route = routes[index].label
      exchange.parameters = parameters
    case .methodNotAllowed(let allowed, _):
      var output = Output(capacity: 64)
      table.append(allowed, to: &output)
      exchange.allowedMethods = output.bytes.array
    case .notFound: break
    }
  }

  /// Whether the client asked for another certificate than the host's: what was proved to it, or
  /// asked of it, on this connection need not hold for that host. RFC 9110 section 15.5.20.
  private func isMisdirected(_ exchange: Exchange) -> Bool {
    guard let security, security.hasSeveralCertificates,
      let shown = exchange.connection?.security?.serverName
    else { return false }
    let request = exchange.request
    let host = request.text(request.host)
    if host.equalsIgnoringCase(shown.span) { return false }
    return !security.serves(host.text, toClientOf: shown.span.text)
  }

  private func chains(of scope: Int?) -> ScopeChains {
    guard let scope else { return outermost }
    return scopes[scope]
  }
}

/// Refuses every exchange for the same reason: the end of a chain that has no route.
final class RefusingDestination: Destination {
  private let failure: Failure

  init(_ reason: Reason) { failure = .refused(reason) }

  func respond(to exchange: Exchange) async throws(Failure) { throw failure }
}

/// Answers that the server is there, and nothing more.
final class EmptyAnswer: Destination {
  func respond(to exchange: Exchange) async throws(Failure) {
    exchange.answer(status: 204, contentType: nil, body: [])
  }
}
