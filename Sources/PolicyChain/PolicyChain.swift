// The chain of one route on one listener: compiled once per worker and generation, run for each
// request.

/// Policies in their fixed order, and the destination inside them.
///
/// Instances belong to one worker; the chain holds no state of any request.
public final class PolicyChain {
  public enum Step {
    case admission(any Admission)
    case deliberation(any Deliberation)
    case wrapping(any Wrapping)
  }

  /// Whether one of the steps answers preflights.
  public let answersPreflights: Bool
  private let steps: [Step]
  /// How many of the steps decide at once, before the first one that may wait.
  @usableFromInline let openingCount: Int
  /// Whether there is such a step.
  public let mayWait: Bool
  /// Those steps, linked: walking along constants of objects counts no references.
  @usableFromInline let opening: Opening?
  private let closing: Closing?
  /// What answers a request that no step has answered.
  public let destination: any Destination

  public init(steps: [Step], egress: [any Egress], destination: any Destination) {
    self.steps = steps
    self.destination = destination
    answersPreflights = steps.contains { step in
      if case .admission(let policy) = step { policy is any PreflightAnswering } else { false }
    }
    let first = steps.firstIndex { if case .admission = $0 { false } else { true } }
    openingCount = first ?? steps.count
    mayWait = first != nil
    opening = steps[..<openingCount].reversed().reduce(nil) { next, step in
      if case .admission(let policy) = step { Opening(policy, next: next) } else { next }
    }
    closing = egress.reversed().reduce(nil) { Closing($1, next: $0) }
  }

  /// Runs the exchange to its response head.
  ///
  /// A chain in which nothing may wait costs no task frame of its own.
  @inlinable @inline(__always)
  public func run(_ exchange: Exchange) async throws(Failure) {
    if try open(exchange) == .answered { return }
    if mayWait {
      try await run(exchange, from: openingCount)
    } else {
      try await destination.respond(to: exchange)
    }
  }

  /// Runs the steps that decide at once, before the first one that may wait.
  @inlinable @inline(__always)
  public func open(_ exchange: Exchange) throws(Failure) -> Verdict {
    guard let opening else { return .pass }
    return try opening.admit(exchange)
  }

  /// Runs the exchange from a step on.
  @usableFromInline func run(_ exchange: Exchange, from start: Int) async throws(Failure) {
    var index = start
    while index < steps.count {
      switch steps[index] {
      case .admission(let policy):
        if try policy.admit(exchange) == .answered { return }
      case .deliberation(let policy):
        var verdict = try policy.admit(exchange)
        if verdict == .pending { verdict = try await policy.decide(exchange) }
        if verdict == .answered { return }
      case .wrapping(let policy):
        return try await policy.handle(exchange, next: Next(chain: self, index: index + 1))
      }
      index += 1
    }
    try await destination.respond(to: exchange)
  }

  /// The one stage that every response passes on its way out.
  public func runEgress(_ exchange: Exchange) {
    closing?.egress(exchange)
  }
}

/// An admission and those behind it.
@usableFromInline final class Opening {
  private let policy: any Admission
  private let next: Opening?

  init(_ policy: any Admission, next: Opening?) {
    self.policy = policy
    self.next = next
  }

  @usableFromInline func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    guard try policy.admit(exchange) == .pass else { return .answered }
    guard let next else { return .pass }
    return try next.admit(exchange)
  }
}

/// An egress policy and those behind it.
private final class Closing {
  private let policy: any Egress
  private let next: Closing?

  init(_ policy: any Egress, next: Closing?) {
    self.policy = policy
    self.next = next
  }

  func egress(_ exchange: Exchange) {
    policy.egress(exchange)
    next?.egress(exchange)
  }
}
