// Where workers and Control meet over published keys: a worker asks for a key that it does not know
// and waits; Control fetches, hands the keys to all workers, and tells who waits.

import Bytes
import Engine

/// The desk of one identity, shared by all threads.
package final class KeyDesk: Sendable {
  /// Requests of all workers that wait for keys at one time: each holds its exchange meanwhile, and
  /// more than these are a flood.
  package static let waitingMax = 512

  private struct State {
    var plan: KeyFetchPlan
    var waiting: [RemoteSignal] = []
    /// Whoever fetches.
    var fetcher: RemoteSignal?
  }

  private let state: Locked<State>

  package init(refresh: UInt64, first: Instant) {
    state = Locked(State(plan: KeyFetchPlan(refresh: refresh, first: first)))
  }

  /// What came of asking.
  package enum Answer: Sendable, Equatable {
    /// The signal will be sent once `round` is another. What is unknown after one that had not
    /// begun does not exist.
    case wait(round: Int, hasBegun: Bool)
    case later(seconds: UInt64)
  }

  /// Asks for keys: some token names one that is not known.
  package func ask(_ signal: RemoteSignal, at now: Instant) -> Answer {
    let (answer, fetcher) = state.withLock { state -> (Answer, RemoteSignal?) in
      guard state.waiting.count < Self.waitingMax else { return (.later(seconds: 1), nil) }
      switch state.plan.inquire(at: now) {
      case .later(let seconds): return (.later(seconds: seconds), state.fetcher)
      case .underWay(let hasBegun):
        state.waiting.append(signal)
        return (.wait(round: state.plan.round, hasBegun: hasBegun), state.fetcher)
      }
    }
    fetcher?.send()
    return answer
  }

  /// Fetches that have ended.
  package var round: Int { state.withLock { $0.plan.round } }
  /// Whether the last fetch brought keys.
  package var isLastGood: Bool { state.withLock { $0.plan.isLastGood } }

  // MARK: Control's side

  /// Tells who fetches whenever somebody asks.
  package func attend(_ fetcher: RemoteSignal) { state.withLock { $0.fetcher = fetcher } }

  /// When keys are to be fetched next.
  package var next: Instant { state.withLock { $0.plan.next } }

  package func isDue(at now: Instant) -> Bool { state.withLock { $0.plan.isDue(at: now) } }

  package func begin(at now: Instant) { state.withLock { $0.plan.begin(at: now) } }

  /// A fetch has ended, and all workers have what it brought.
  package func end(isGood: Bool, at now: Instant, jitter: Double) {
    let waiting = state.withLock { state in
      state.plan.end(isGood: isGood, at: now, jitter: jitter)
      defer { state.waiting = [] }
      return state.waiting
    }
    for signal in waiting { signal.send() }
  }
}
