// How tasks park on a loop, and what wakes them.

import Engine
import LoopBench
import Testing

@Suite(.timeLimit(.minutes(5)))
struct WaiterTests {
  @Test func `a signal before the task parks is kept, and counts once`() async throws {
    let wakes = try await onLoop { bench in
      let waiter = Waiter(on: bench.loop)
      waiter.signal()
      waiter.signal()
      let first = await waiter.wait(until: bench.deadline)
      let second = await waiter.wait(until: bench.loop.now.advanced(milliseconds: 1))
      return [first, second]
    }
    #expect(wakes == [.signalled, .timedOut])
  }

  @Test func `cancelling sticks until the reset`() async throws {
    let wakes = try await onLoop { bench in
      let waiter = Waiter(on: bench.loop)
      waiter.cancel()
      var wakes = [await waiter.wait(until: bench.deadline)]
      waiter.signal()
      wakes.append(await waiter.wait(until: bench.deadline))
      wakes.append(await waiter.sleep(milliseconds: Bench.patience))
      waiter.reset()
      wakes.append(await waiter.wait(until: bench.loop.now.advanced(milliseconds: 1)))
      return wakes
    }
    #expect(wakes == [.cancelled, .cancelled, .cancelled, .timedOut])
  }

  @Test func `a parked task is woken once, by whatever comes first`() async throws {
    let wakes = try await onLoop { bench in
      let waiter = Waiter(on: bench.loop)
      var wakes: [Waiter.Wake] = []
      var isDone = false
      bench.start {
        wakes.append(await waiter.wait(until: bench.deadline))
        isDone = true
      }
      try await bench.until("the task to park") { waiter.isParked }
      waiter.signal()
      waiter.cancel()
      waiter.deadlinePassed()
      #expect(!waiter.isParked)
      try await bench.until("the wake-up") { isDone }
      return wakes
    }
    #expect(wakes == [.signalled])
  }

  @Test func `a wait ends at its deadline and not before`() async throws {
    let (wake, early) = try await onLoop { bench in
      let waiter = Waiter(on: bench.loop)
      let end = bench.loop.now.advanced(milliseconds: 20)
      let wake = await waiter.wait(until: end)
      return (wake, bench.loop.now < end)
    }
    #expect(wake == .timedOut)
    #expect(!early)
  }

  @Test func `sleeping is not cut short by signals`() async throws {
    let (wake, early) = try await onLoop { bench in
      let waiter = Waiter(on: bench.loop)
      let end = bench.loop.now.advanced(milliseconds: 20)
      waiter.signal()
      let wake = await waiter.sleep(milliseconds: 20)
      return (wake, bench.loop.now < end)
    }
    #expect(wake == .timedOut)
    #expect(!early)
  }

  @Test func `a retired waiter leaves the wheel`() async throws {
    let dropped = try await onLoop { bench in
      let waiter = Waiter(on: bench.loop)
      bench.start { _ = await waiter.wait(until: .now().advanced(milliseconds: 60_000)) }
      try await bench.until("the task to park") { waiter.isParked }
      let armed = bench.loop.timerCount
      waiter.signal()
      waiter.retire()
      return armed - bench.loop.timerCount
    }
    #expect(dropped == 1)
  }
}
