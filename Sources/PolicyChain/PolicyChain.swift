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
  private let egress: [any Egress]
  private let destination: any Destination

  public init(steps: [Step], egress: [any Egress], destination: any Destination) {
    self.steps = steps
    self.egress = egress
    self.destination = destination
    answersPreflights = steps.contains { step in
      if case .admission(let policy) = step { policy is any PreflightAnswering } else { false }
    }
  }

  /// Runs the exchange to its response head, from the first step on or from a later one.
  public func run(_ exchange: Exchange, from start: Int = 0) async throws(Failure) {
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
    for policy in egress { policy.egress(exchange) }
  }
}
