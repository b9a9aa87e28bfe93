// An actor on an event loop and thread of its own, for one test: sockets, waiters and whatever else
// lives on a loop are made and used inside it.

import Engine

/// A loop's actor that runs a test's steps.
package actor Bench: LoopActor {
  package nonisolated let loop: EventLoop
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  private var peers: [Peer] = []

  fileprivate init() throws(SystemError) { loop = try EventLoop() }

  /// Runs `body` as a task of the loop, as the gateway starts its own.
  fileprivate func perform<R: Sendable>(
    _ body: @escaping @Sendable (isolated Bench) async throws -> R
  ) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      start {
        let result: Result<R, any Error>
        do {
          result = .success(try await body(self))
        } catch { result = .failure(error) }
        self.peers = []
        continuation.resume(with: result)
      }
    }
  }

  /// Keeps a peer until the end, so that a connection does not end because a test has no more to
  /// say on it.
  func keep(_ peer: Peer) { peers.append(peer) }

  /// Milliseconds that a step of a test may take before it counts as stuck.
  package static let patience: UInt64 = 60_000

  /// When a step that begins now is stuck.
  package var deadline: Instant { loop.now.advanced(milliseconds: Self.patience) }

  /// Lets the loop turn until `condition` holds.
  package func until(
    _ what: String, _ condition: () -> Bool
  ) async throws {
    let waiter = Waiter(on: loop)
    let end = deadline
    while !condition() {
      guard loop.now < end else { throw Stuck(waitingFor: what) }
      _ = await waiter.wait(until: loop.now.advanced(milliseconds: 1))
    }
    waiter.retire()
  }
}

/// A step of a test took too long.
package struct Stuck: Error, CustomStringConvertible {
  package let waitingFor: String
  package init(waitingFor: String) { self.waitingFor = waitingFor }
  package var description: String { "stuck waiting for \(waitingFor)" }
}

/// Runs `body` on a fresh loop, and ends the loop after it.
package func onLoop<R: Sendable>(
  _ body: @escaping @Sendable (isolated Bench) async throws -> R
) async throws -> R {
  let bench = try Bench()
  let thread = try LoopThread(named: "bench", running: bench.loop)
  let result: Result<R, any Error>
  do {
    result = .success(try await bench.perform(body))
  } catch { result = .failure(error) }
  bench.loop.stop()
  thread.join()
  return try result.get()
}
