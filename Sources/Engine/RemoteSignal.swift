// How another thread wakes a task that waits on its loop: through the loop's mailbox.

/// Signals one waiter from any thread.
public struct RemoteSignal: Sendable {
  private let loop: EventLoop
  // Touched on its loop's thread only, which is where `post` runs what it is given.
  private nonisolated(unsafe) let waiter: Waiter

  /// Called on the waiter's loop.
  public init(to waiter: Waiter, on loop: EventLoop) {
    self.loop = loop
    unsafe self.waiter = waiter
  }

  /// Wakes the waiter, soon. It may by then wait for something else, which every task must expect.
  public func send() {
    loop.post { unsafe waiter.signal() }
  }
}
