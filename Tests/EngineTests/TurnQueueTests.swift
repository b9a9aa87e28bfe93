// Turns of shared objects: once each, behind the jobs that asked for them.

import LoopBench
import Testing

@testable import Engine

/// Notes when its turn comes, and may ask for another one.
private final class Taker: TurnTaker {
  var isAwaitingTurn = false
  var turns = 0
  var again: (() -> Void)?

  func takeTurn() {
    turns += 1
    again?()
  }
}

@Suite struct TurnQueueTests {
  @Test func `a turn comes once however often it is asked for`() async throws {
    let turns = try await onLoop { bench in
      let queue = TurnQueue(on: bench.loop)
      let (one, other) = (Taker(), Taker())
      bench.start { await queue.run() }
      for _ in 0..<5 { queue.add(one) }
      queue.add(other)
      let before = one.turns
      try await bench.until("the turns") { other.turns > 0 }
      queue.stop()
      return [before, one.turns, other.turns]
    }
    #expect(turns == [0, 1, 1])
  }

  @Test func `who asks in its turn has another one later`() async throws {
    let turns = try await onLoop { bench in
      let queue = TurnQueue(on: bench.loop)
      let taker = Taker()
      taker.again = { [unowned taker] in if taker.turns < 3 { queue.add(taker) } }
      bench.start { await queue.run() }
      queue.add(taker)
      try await bench.until("three turns") { taker.turns == 3 }
      queue.stop()
      return taker.turns
    }
    #expect(turns == 3)
  }
}
