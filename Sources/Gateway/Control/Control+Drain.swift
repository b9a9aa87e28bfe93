// The end: readiness fails, listeners close, requests in flight finish within the grace. A second
// signal cuts it short.

import Engine
import Telemetry

extension Control {
  /// Between two looks at how many connections are left, in milliseconds.
  private static let drainPoll: UInt64 = 20
  /// How long the access log may take to be written at the end, in milliseconds.
  static let logFlush = 2_000

  /// A signal to end came.
  func end() {
    switch phase {
    case .starting, .serving:
      phase = .ending
      start { [self] in await drain() }
    case .ending, .leaving, .draining:
      // The operator has no patience: what is in flight is cut.
      drainWaiter.cancel()
    }
  }

  private func drain() async {
    let grace = configuration?.grace
    let delay = UInt64(grace?.drainDelay.milliseconds ?? 0)
    // Who sees that we are not ready gets no answer any more that keeps its connection.
    for thread in workers { await thread.worker.endKeepAlive() }
    phase = .leaving
    log.notice("draining", metadata: ["drain-delay": "\(delay)ms"])
    // Load balancers see that we are not ready before connections are refused.
    if delay > 0 { _ = await drainWaiter.sleep(milliseconds: delay) }
    phase = .draining
    for thread in workers { await thread.worker.drain() }
    sockets.closeAll(except: [])
    let deadline = loop.now.advanced(milliseconds: UInt64(grace?.period.milliseconds ?? 0))
    while await openConnections() > 0, loop.now < deadline {
      if await drainWaiter.sleep(milliseconds: Self.drainPoll) == .cancelled { break }
    }
    await finish()
  }

  private func openConnections() async -> Int {
    var count = 0
    for thread in workers { count += await thread.worker.connectionCount() }
    return count
  }

  private func finish() async {
    let left = await openConnections()
    for thread in workers {
      await thread.worker.cancelAll()
      await thread.worker.finish()
    }
    for thread in workers { thread.stop() }
    admin?.stop()
    housekeeper.cancel()
    upstreamWatcher.cancel()
    endChecks()
    endKeys()
    resolver?.stop()
    discovery.stop()
    if let logWriter, !logWriter.stop(milliseconds: Self.logFlush) {
      log.error("access log lines were lost at the end: the output is blocked")
    }
    log.notice("stopped", metadata: ["connections-cut": "\(left)"])
    ending.end(with: 0)
    loop.stop()
  }
}
