// The loop as executor and mailbox: where jobs run, what wakes it, and when it ends.

import Engine
import Glibc
import LoopBench
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EventLoopTests {
  private static var thread: UInt { UInt(pthread_self()) }

  @Test func `a started task resumes on the loop's thread every time`() async throws {
    let (away, foreign) = try await onLoop { bench in
      let waiter = Waiter(on: bench.loop)
      let home = Self.thread
      let before = bench.loop.foreignJobCount
      var away = 0
      for _ in 0..<1000 {
        bench.start { waiter.signal() }
        _ = await waiter.wait(until: bench.deadline)
        await Task.yield()
        if Self.thread != home { away += 1 }
      }
      return (away, bench.loop.foreignJobCount - before)
    }
    #expect(away == 0)
    #expect(foreign == 0)
  }

  @Test func `tasks that wait on timers make no foreign jobs`() async throws {
    let foreign = try await onLoop { bench in
      let before = bench.loop.foreignJobCount
      var left = 100
      for index in 0..<100 {
        bench.start {
          let waiter = Waiter(on: bench.loop)
          _ = await waiter.sleep(milliseconds: UInt64(index % 10))
          left -= 1
        }
      }
      try await bench.until("all tasks") { left == 0 }
      return bench.loop.foreignJobCount - before
    }
    #expect(foreign == 0)
  }

  @Test func `calls from other threads run on the loop, and are counted`() async throws {
    let loop = try EventLoop()
    let counter = Counter(on: loop)
    let thread = try LoopThread(named: "counter", running: loop)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<100 { await counter.add() } }
      }
    }
    #expect(await counter.count == 800)
    #expect(await counter.threads.count == 1)
    #expect(await counter.foreignJobs >= 8)
    loop.stop()
    thread.join()
  }

  @Test func `mail from many threads arrives whole and wakes the loop`() async throws {
    let loop = try EventLoop()
    let arrived = Atomic<Int>(0)
    let box = Shared(arrived)
    let thread = try LoopThread(named: "mail", running: loop)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 { loop.post { box.value.add(1, ordering: .relaxed) } }
        }
      }
    }
    // The last message stops the loop: all before it have been run by then.
    loop.post { loop.stop() }
    thread.join()
    #expect(box.value.load(ordering: .relaxed) == 8000)
    #expect(loop.mailCount == 8001)
  }

  @Test func `a loop that was stopped before it runs ends at once`() throws {
    let loop = try EventLoop()
    loop.stop()
    loop.run()
    #expect(loop.turnCount == 0)
  }

  @Test func `a sleeping loop makes no turns`() async throws {
    let turns = try await onLoop { bench in
      let waiter = Waiter(on: bench.loop)
      let before = bench.loop.turnCount
      _ = await waiter.wait(until: bench.loop.now.advanced(milliseconds: 100))
      return bench.loop.turnCount - before
    }
    #expect(turns <= 3)
  }

  @Test func `work that makes more work does not keep timers from running`() async throws {
    let wake = try await onLoop { bench in
      var isBusy = true
      bench.start { while isBusy { await Task.yield() } }
      let waiter = Waiter(on: bench.loop)
      let wake = await waiter.wait(until: bench.loop.now.advanced(milliseconds: 10))
      isBusy = false
      return wake
    }
    #expect(wake == .timedOut)
  }
}

/// Counts calls and the threads that they came on.
private actor Counter: LoopActor {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }
  private(set) var count = 0
  private(set) var threads: Set<UInt> = []
  var foreignJobs: UInt64 { loop.foreignJobCount }

  init(on loop: EventLoop) { self.loop = loop }

  func add() {
    count += 1
    threads.insert(UInt(pthread_self()))
  }
}

/// An atomic that closures on several threads share.
private final class Shared: Sendable {
  let value: Atomic<Int>
  init(_ value: consuming Atomic<Int>) { self.value = value }
}
