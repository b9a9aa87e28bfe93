// A worker with the thread that it runs on.

import Engine

/// A started worker. Its thread ends when its loop is stopped.
final class WorkerThread {
  let worker: Worker
  private let thread: LoopThread

  /// Starts a worker on a thread of its own.
  init(index: Int, seed: UInt64) throws(SystemError) {
    let loop = try EventLoop()
    worker = Worker(on: loop, index: index, seed: seed)
    thread = try LoopThread(named: "worker-\(index)", running: loop)
  }

  /// Stops the loop. The thread ends after its current turn.
  func stop() { worker.loop.stop() }
}
