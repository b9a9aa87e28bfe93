// The echo upstream: one loop that accepts, serves and, on TERM or INT, ends gracefully.

import Engine
import OpenSSL

final class EchoServer {
  private let loop: EventLoop
  private let start: TaskStarter
  private let shared: EchoShared
  private let socket: ListeningSocket
  private let signals: SignalSource?
  private let acceptWaiter: Waiter
  private let signalWaiter: Waiter
  private var connections: [UInt64: EchoConnection] = [:]
  private var connectionCount: UInt64 = 0

  /// Made on the host's loop, which then has a task of this server until the loop stops.
  ///
  /// - Parameters:
  ///   - descriptor: listens, and stays its opener's.
  ///   - obeysSignals: whether TERM and INT end it; else only the end of its loop does.
  init(on host: LoopHost, listeningOn descriptor: Int32, obeysSignals: Bool) throws {
    loop = host.loop
    start = TaskStarter(for: host)
    shared = try EchoShared(on: loop, library: LibraryContext())
    socket = ListeningSocket(descriptor: descriptor, on: loop)
    signals = obeysSignals ? try SignalSource(on: loop) : nil
    acceptWaiter = Waiter(on: loop)
    signalWaiter = Waiter(on: loop)
    socket.observer = acceptWaiter
    signals?.observer = signalWaiter
    try socket.start()
  }

  /// Serves until a signal ends it and the loop stops.
  func begin() {
    start { await self.accept() }
    if signals != nil { start { await self.awaitSignals() } }
  }

  // MARK: Connections

  private func accept() async {
    while await acceptWaiter.wait(until: .never) != .cancelled {
      if !acceptBatch(), await !rest() { break }
    }
    socket.stop()
    acceptWaiter.retire()
  }

  /// Returns false when accepting makes no sense for a moment.
  private func acceptBatch() -> Bool {
    while connections.count < EchoLimits.connectionsMax {
      switch socket.accept() {
      case .nothing: return true
      case .exhausted: return false
      case .connection(let descriptor, let peer): open(descriptor, from: peer)
      }
    }
    return false
  }

  private func rest() async -> Bool {
    do throws(SystemError) {
      try socket.pause()
      if await acceptWaiter.sleep(milliseconds: EchoLimits.acceptPause) == .cancelled {
        return false
      }
      try socket.resume()
      return true
    } catch {
      preconditionFailure("A watched descriptor can always be watched for something else.")
    }
  }

  private func open(_ descriptor: Int32, from peer: SocketAddress) {
    let socket: Socket
    do throws(SystemError) {
      socket = try Socket(descriptor: descriptor, isConnected: true, on: loop)
    } catch {
      // The descriptor is closed: the client sees a connection that ended.
      return
    }
    connectionCount += 1
    let id = connectionCount
    let connection = EchoConnection(socket, from: peer, of: shared)
    connections[id] = connection
    start {
      await connection.serve()
      self.forget(id)
    }
  }

  private func forget(_ id: UInt64) {
    connections[id] = nil
    if shared.isDraining, connections.isEmpty { loop.stop() }
  }

  // MARK: Ending

  /// The first TERM or INT drains; the second one, or the end of the grace, stops at once.
  private func awaitSignals() async {
    var deadline = Instant.never
    while true {
      let wake = await signalWaiter.wait(until: deadline)
      if wake == .timedOut { break }
      while let signal = signals?.take() {
        guard signal == .terminate || signal == .interrupt else { continue }
        if shared.isDraining { return loop.stop() }
        deadline = loop.now.advanced(milliseconds: EchoLimits.graceTimeout)
        drain()
      }
    }
    for connection in connections.values { connection.cancel() }
    loop.stop()
  }

  private func drain() {
    shared.isDraining = true
    acceptWaiter.cancel()
    for connection in connections.values { connection.drain() }
    if connections.isEmpty { loop.stop() }
  }
}
