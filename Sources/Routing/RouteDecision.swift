// What a table says of a request.

import HTTPMessage
import PolicyChain

/// The route that takes a request, or why none does.
package enum RouteDecision: Sendable {
  /// The index of the route as it was given to the table, and what its path pattern took.
  case route(Int, RouteParameters)
  /// 405: a route would take the same request with another method. RFC 9110 section 15.5.6.
  case methodNotAllowed(allowed: MethodSet, scope: Int?)
  /// 404. The scope is the innermost that covers host and path, for the answer's policies.
  case notFound(scope: Int?)
}

/// Which method a request is matched by.
package enum MatchedMethod: Sendable {
  case own
  /// A CORS preflight by the one that it asks for; any other request by its own.
  case askedByPreflight
}
