// The one place where tasks start. A task that starts elsewhere resumes on foreign threads.

/// An actor that lives on an event loop. Each conforming actor spells out, since Swift would
/// otherwise give it a default executor:
///
///     nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
public protocol LoopActor: Actor {
  nonisolated var loop: EventLoop { get }
}

/// Starts tasks on a loop's actor from code that runs on that loop, such as the objects that the
/// actor owns.
public struct TaskStarter {
  private let start: (@escaping () async -> Void) -> Void

  /// - Parameter owner: outlives the starter.
  public init(for owner: some LoopActor) {
    start = { [unowned owner] operation in
      // The next line traps off the actor's loop, so the operation never leaves the loop that made
      // it.
      nonisolated(unsafe) let operation = operation
      owner.assumeIsolated { unsafe $0.start(operation) }
    }
  }

  public func callAsFunction(_ operation: @escaping () async -> Void) { start(operation) }
}

extension LoopActor {
  /// Runs `operation` at once, on this actor and its loop, until it first suspends.
  ///
  /// It may capture what the actor owns. The owner of the work keeps whatever cancels it (see
  /// `Waiter`).
  public func start(_ operation: @escaping () async -> Void) {
    Task.immediate(executorPreference: loop) {
      // The capture makes the closure inherit this actor's isolation.
      _ = self
      await operation()
    }
  }
}
