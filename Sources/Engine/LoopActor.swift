// The one place where tasks start. DESIGN: a task that starts elsewhere resumes on foreign threads.

/// An actor that lives on an event loop. Each conforming actor spells out, since Swift would otherwise give it a
/// default executor:
///
///     nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
package protocol LoopActor: Actor {
  nonisolated var loop: EventLoop { get }
}

extension LoopActor {
  /// Runs `operation` at once, on this actor and its loop, until it first suspends.
  ///
  /// It may capture what the actor owns. The owner of the work keeps whatever cancels it (see `Waiter`).
  package func start(_ operation: @escaping () async -> Void) {
    Task.immediate(executorPreference: loop) {
      // The capture makes the closure inherit this actor's isolation.
      _ = self
      await operation()
    }
  }
}
