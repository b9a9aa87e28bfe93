// An actor with nothing of its own: for a server that is one plain object on one loop.

/// Isolates what lives on `loop`. Its owner starts tasks through a `TaskStarter`.
package actor LoopHost: LoopActor {
  package nonisolated let loop: EventLoop
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  package init(on loop: EventLoop) { self.loop = loop }
}
