// Who may be asked to close an idle connection of an upstream, when another worker needs its place.

import Bytes
import Engine
import Synchronization

/// The pools of one upstream, one for each worker and perhaps one that a reload replaces.
final class IdleLenders: Sendable {
  private let lenders = Locked<[IdleLender]>([])

  func add(_ lender: IdleLender) { lenders.withLock { $0.append(lender) } }

  func remove(_ lender: IdleLender) {
    lenders.withLock { lenders in lenders.removeAll { $0 === lender } }
  }

  /// Asks all but one. The question is answered when one has closed a connection, or none had any.
  ///
  /// Returns whether there is anybody to ask.
  func ask(_ question: PlaceQuestion, except asker: IdleLender?) -> Bool {
    let others = lenders.withLock { lenders in lenders.filter { $0 !== asker } }
    guard !others.isEmpty else { return false }
    question.expect(others.count)
    for lender in others { lender.ask(question) }
    return true
  }
}

/// A pool, as other workers see it.
final class IdleLender: Sendable {
  private let loop: EventLoop
  // Read on the pool's own loop only, which is where `post` runs what it is given, and written
  // before anybody else knows of it.
  private nonisolated(unsafe) weak var pool: UpstreamPool?

  /// Called on the pool's loop.
  init(_ pool: UpstreamPool, on loop: EventLoop) {
    self.loop = loop
    unsafe self.pool = pool
  }

  func ask(_ question: PlaceQuestion) {
    loop.post { [self] in
      let hasGiven = unsafe pool?.giveUpIdle() == true
      question.answer(hasGiven)
    }
  }
}

/// One worker's wish for a place among the connections of an upstream.
final class PlaceQuestion: Sendable {
  private let signal: RemoteSignal
  private let openAnswers = Atomic<Int>(0)
  private let isGranted = Atomic<Bool>(false)

  init(waking signal: RemoteSignal) { self.signal = signal }

  fileprivate func expect(_ count: Int) { openAnswers.store(count, ordering: .relaxed) }

  fileprivate func answer(_ hasGiven: Bool) {
    if hasGiven { isGranted.store(true, ordering: .releasing) }
    let isLast = openAnswers.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    if hasGiven || isLast { signal.send() }
  }

  /// Whether nobody else will answer.
  var isOver: Bool {
    isGranted.load(ordering: .acquiring) || openAnswers.load(ordering: .acquiring) <= 0
  }
}
