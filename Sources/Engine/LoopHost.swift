// An actor with nothing of its own: for a server that is one plain object on one loop.

/// Isolates what lives on `loop`. Its owner starts tasks through a `TaskStarter`.
public actor LoopHost: LoopActor {
  public nonisolated let loop: EventLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  public init(on loop: EventLoop) { self.loop = loop }
}
