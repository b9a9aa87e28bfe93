// The states of a circuit breaker, without clocks, counters or locks.
//
//   closed ──trip──▶ open ──time──▶ half-open ──all probes good──▶ ramp ──time──▶ closed
//                     ▲                 │ a probe fails             │ trip
//                     └─────────────────┴───────────────────────────┘

import Engine

/// A breaker's state, and what each event makes of it.
struct BreakerMachine: Equatable {
  enum State: Equatable {
    case closed
    case open(until: Instant)
    /// Probes that were let through and have not ended, and those that ended well.
    case halfOpen(inFlight: UInt64, good: UInt64)
    /// Since when the share grows, and what of it has not been used, in millionths of a request.
    case ramp(since: Instant, credit: UInt64)
  }

  /// What happens to a try.
  enum Admission: Equatable {
    case pass
    /// A probe of this round: its end decides.
    case probe(round: UInt64)
    /// Come again after so many milliseconds.
    case refuse(milliseconds: UInt64)
  }

  private(set) var state = State.closed
  /// Counts the half-open rounds, so that a probe that ends late says nothing of a later one.
  private(set) var round: UInt64 = 0

  /// Whether a try that comes now may pass.
  mutating func admit(at now: Instant, by rule: BreakerRule) -> Admission {
    switch state {
    case .closed: return .pass
    case .open(let until):
      guard until <= now else {
        return .refuse(milliseconds: (until.since(now) + 999_999) / 1_000_000)
      }
      round &+= 1
      state = .halfOpen(inFlight: 1, good: 0)
      return .probe(round: round)
    case .halfOpen(let inFlight, let good):
      guard inFlight + good < rule.probes else { return .refuse(milliseconds: 1_000) }
      state = .halfOpen(inFlight: inFlight + 1, good: good)
      return .probe(round: round)
    case .ramp(let since, let credit): return admit(in: since, credit, at: now, by: rule)
    }
  }

  /// Lets the share of the ramp through, evenly: each try earns its share of a pass.
  private mutating func admit(
    in since: Instant, _ credit: UInt64, at now: Instant, by rule: BreakerRule
  ) -> Admission {
    let elapsed = now.since(since) / 1_000_000
    guard elapsed < rule.ramp else {
      state = .closed
      return .pass
    }
    // Begins with a tenth: a server that just came back has cold caches.
    let earned = credit + max(100_000, elapsed * 1_000_000 / rule.ramp)
    guard earned >= 1_000_000 else {
      state = .ramp(since: since, credit: earned)
      return .refuse(milliseconds: 1_000)
    }
    state = .ramp(since: since, credit: earned - 1_000_000)
    return .pass
  }

  /// A probe ended. `isGood` is nil when its client left, which says nothing.
  mutating func probeEnded(
    _ round: UInt64, isGood: Bool?, at now: Instant, by rule: BreakerRule
  ) {
    guard round == self.round, case .halfOpen(let inFlight, let good) = state else { return }
    switch isGood {
    case false?: state = .open(until: now.advanced(milliseconds: rule.open))
    case nil: state = .halfOpen(inFlight: inFlight - 1, good: good)
    case true?:
      if good + 1 < rule.probes {
        state = .halfOpen(inFlight: inFlight - 1, good: good + 1)
      } else {
        state = rule.ramp > 0 ? .ramp(since: now, credit: 0) : .closed
      }
    }
  }

  /// Too much failed while it let tries through. Returns whether it opened.
  mutating func trip(at now: Instant, by rule: BreakerRule) -> Bool {
    switch state {
    case .closed, .ramp:
      state = .open(until: now.advanced(milliseconds: rule.open))
      return true
    case .open, .halfOpen: return false
    }
  }

  /// The state as log and metrics name it.
  var name: BreakerState {
    switch state {
    case .closed: .closed
    case .open: .open
    case .halfOpen: .halfOpen
    case .ramp: .ramp
    }
  }
}

/// A breaker's state without its details.
package enum BreakerState: String, Sendable {
  case closed
  case open
  case halfOpen = "half-open"
  case ramp
}
