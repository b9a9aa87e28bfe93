// The directives of the language itself. Policies declare theirs beside their code and are added to
// the schema after these; no other list of directives exists.

/// The core's declarations, in the order in which the manual shows them.
package enum CoreDirectives {
  package static let all: [any DirectiveDeclaration] = [
    sluice, include, workers, user, grace, resolver, state, clientIP, accessLog,
    admin, adminBind,
    certificate,
    listener, bind, listenerTLS, listenerRedirect, serve, limits, path, underscore, halfClose,
    role, LimitDirectives.redis, LimitDirectives.bucket,
    upstream, server, servers, upstreamTLS, balance, sticky, health, outlier, breaker, connections,
    upstreamHost,
    upstreamProtocol,
    defaults, group, route, match, auth, to, retry, fallback, mirror,
    enforce, assert, require, forbid, except, waive,
  ]
}
