// Control: the actor that never serves traffic. It compiles, resolves, watches, answers the admin endpoint and tells the
// workers what changed.

import Engine
import PolicyChain
import Telemetry
import Upstreams

package actor Control: LoopActor {
  package nonisolated let loop: EventLoop
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  private var workers: [WorkerThread] = []
  private var sockets = ListenerSockets()
  private let workerCount: Int

  package init(on loop: EventLoop, workers: Int) {
    self.loop = loop
    workerCount = workers
  }

  package func thinSlice(_ blueprint: Blueprint) async throws {
    let fresh = try sockets.prepare(blueprint.listeners, workers: workerCount)
    sockets.commit(fresh)
    let writer = try LogWriter(
      destination: LogDestination(path: "/tmp/sluice-access.log"), queueBlocksMax: 64,
      onError: { _ in })
    let shared = Worker.Shared(
      upstreams: [:], limiter: ConnectionLimiter(), log: writer,
      noRoute: RouteLabel(name: "none", metric: 0), protocolErrors: [:])
    for index in 0..<workerCount {
      let thread = try WorkerThread(index: index, seed: .random(in: 0 ... .max))
      workers.append(thread)
      try await thread.worker.boot(blueprint, shared: shared)
      for (key, descriptors) in fresh {
        try await thread.worker.listen(on: descriptors[index], for: key.listener)
      }
    }
  }
}
