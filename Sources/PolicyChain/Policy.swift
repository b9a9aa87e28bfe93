// What a policy is. Most policies decide at once, and those are plain calls; the few that must wait
// wrap what follows (docs/decisions/0006). The order is the chain's, never a policy's.

/// A policy that looks at the request, may change it, and decides at once.
public protocol Admission: AnyObject {
  /// Lets the exchange pass, answers it (see `Exchange.answer`), or throws the refusal.
  func admit(_ exchange: Exchange) throws(Failure) -> Verdict
}

/// An admission that answers CORS preflights. Where a chain has one, a preflight is matched by the
/// method that it asks for; elsewhere it is a request like any other.
public protocol PreflightAnswering: Admission {}

public enum Verdict: Sendable {
  case pass
  /// The policy has filled in the response; nothing after it runs but the egress stage.
  case answered
  /// The policy must wait before it can say: only a `Deliberation` returns it.
  case pending
}

/// An admission that nearly always decides at once, and must wait at times.
public protocol Deliberation: Admission {
  /// Decides after `admit` has returned `pending`; never returns it again.
  func decide(_ exchange: Exchange) async throws(Failure) -> Verdict
}

/// A policy that wraps everything after it, since it waits before, or does something when the
/// answer is there.
public protocol Wrapping: AnyObject {
  /// Calls `next` at most once, unless it retries. Returns when the response head is there.
  func handle(_ exchange: Exchange, next: Next) async throws(Failure)
}

/// A policy that has its say on every response, those that Sluice made itself included.
public protocol Egress: AnyObject {
  func egress(_ exchange: Exchange)
}

/// What is left of a chain.
public struct Next {
  let chain: PolicyChain
  let index: Int

  public func callAsFunction(_ exchange: Exchange) async throws(Failure) {
    try await chain.run(exchange, from: index)
  }
}

/// The innermost part of a chain: it produces the response, or throws.
public protocol Destination: AnyObject {
  func respond(to exchange: Exchange) async throws(Failure)
}
