// How an upstream chooses among its servers, as the config says it. The names are those that
// HAProxy, nginx and Envoy use.

import PolicyChain

/// The ways to balance.
package enum Balance: Sendable, Hashable {
  /// The better of two random servers: the one with fewer requests for its weight, or the one that
  /// is much faster.
  case leastRequest
  /// Smooth weighted round robin, each worker on its own.
  case roundRobin
  case random
  /// The same key goes to the same server as long as that one is fit and not overloaded.
  case hash(RequestKeySource)
}
